import json
import platform
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from app import create_app
from app.routes import NAME


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The running service, on a free port."""
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def test_answers_at_the_root(origin: str) -> None:
    assert get(f"{origin}/") == {"service": NAME, "python": platform.python_version()}


def test_is_healthy(origin: str) -> None:
    assert get(f"{origin}/healthz") == {"status": "ok"}


def test_has_no_other_routes(origin: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{origin}/nowhere")
    assert caught.value.code == 404
    caught.value.close()
