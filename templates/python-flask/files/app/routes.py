import platform

from flask import Blueprint

NAME = "{{polyenv.name}}"

routes = Blueprint("routes", __name__)


@routes.get("/")
def describe() -> dict[str, str]:
    return {"service": NAME, "python": platform.python_version()}


@routes.get("/healthz")
def check_health() -> dict[str, str]:
    return {"status": "ok"}
