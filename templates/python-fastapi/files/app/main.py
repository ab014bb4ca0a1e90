import platform

from fastapi import FastAPI
from pydantic import BaseModel

NAME = "{{polyenv.name}}"

app = FastAPI(title=NAME)


class Description(BaseModel):
    service: str
    python: str


class Health(BaseModel):
    status: str


@app.get("/")
def describe() -> Description:
    return Description(service=NAME, python=platform.python_version())


@app.get("/healthz")
def check_health() -> Health:
    return Health(status="ok")
