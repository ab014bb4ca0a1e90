import json
import platform
import urllib.error
import urllib.request

import pytest
from pytest_django.live_server_helper import LiveServer

from pages.views import NAME


def get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def test_answers_at_the_root(live_server: LiveServer) -> None:
    answer = get(f"{live_server.url}/")
    assert answer == {"service": NAME, "python": platform.python_version()}


def test_is_healthy(live_server: LiveServer) -> None:
    assert get(f"{live_server.url}/healthz") == {"status": "ok"}


def test_has_no_other_routes(live_server: LiveServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{live_server.url}/nowhere")
    assert caught.value.code == 404
    caught.value.close()
