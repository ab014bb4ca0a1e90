import platform
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from app.main import NAME, app


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """A client of the running service, on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.should_exit = True
    thread.join()


def test_answers_at_the_root(client: httpx.Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert response.json() == {"service": NAME, "python": platform.python_version()}


def test_is_healthy(client: httpx.Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_has_no_other_routes(client: httpx.Client) -> None:
    assert client.get("/nowhere").status_code == 404
