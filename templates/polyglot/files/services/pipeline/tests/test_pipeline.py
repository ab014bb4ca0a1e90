import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Header

from pipeline.main import create_app

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The origin of the app, served on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """A client of the running service, with a stand-in for the one behind it."""
    behind = FastAPI()

    @behind.get("/tour")
    def answer(traceparent: Annotated[str, Header()]) -> dict[str, object]:
        trace = traceparent.split("-")[1]
        return {"trace": trace, "hops": [{"service": trace, "runtime": "rust", "version": "1"}]}

    with (
        running(behind) as next_url,
        running(create_app(next_url)) as origin,
        httpx.Client(base_url=origin, trust_env=False) as client,
    ):
        yield client


def test_is_healthy(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_passes_the_trace_on_and_adds_itself(client: httpx.Client) -> None:
    header = f"00-{TRACE}-00f067aa0ba902b7-01"
    tour = client.get("/tour", headers={"traceparent": header}).json()
    assert tour["trace"] == TRACE
    assert [hop["service"] for hop in tour["hops"]] == ["pipeline", TRACE]


def test_makes_a_trace_where_there_is_none(client: httpx.Client) -> None:
    tour = client.get("/tour", headers={"traceparent": "nonsense"}).json()
    assert len(tour["trace"]) == 32
    assert tour["hops"][1]["service"] == tour["trace"]
