import re
import secrets

from pydantic import BaseModel


class Hop(BaseModel):
    """One service that a request went through."""

    service: str
    runtime: str
    version: str


class Tour(BaseModel):
    """What a request through all the services brings back."""

    trace: str
    hops: list[Hop]


TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def read_trace(traceparent: str | None) -> str:
    """The trace that a request belongs to (https://www.w3.org/TR/trace-context/), or a new one."""
    found = TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found else secrets.token_hex(16)


def make_traceparent(trace: str) -> str:
    """The header for a call that a request of this trace makes."""
    return f"00-{trace}-{secrets.token_hex(8)}-01"
