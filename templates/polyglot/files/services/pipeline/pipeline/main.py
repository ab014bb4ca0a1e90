import logging
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import FastAPI, Header, HTTPException

from pipeline.tour import Hop, Tour, make_traceparent, read_trace

logger = logging.getLogger(__name__)
own = Hop(service="pipeline", runtime="python", version=platform.python_version())


def create_app(next_url: str) -> FastAPI:
    """The service; `next_url` is where the tour goes on."""
    client = httpx.AsyncClient(base_url=next_url, timeout=10, trust_env=False)

    @asynccontextmanager
    async def close_client(_app: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(title="pipeline", lifespan=close_client)

    @app.get("/")
    async def describe() -> dict[str, str]:
        return {"service": own.service, own.runtime: own.version}

    @app.get("/healthz")
    async def check_health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/tour")
    async def take_tour(traceparent: Annotated[str | None, Header()] = None) -> Tour:
        trace = read_trace(traceparent)
        logger.info("tour", extra={"service": own.service, "trace": trace})
        try:
            answer = await client.get("/tour", headers={"traceparent": make_traceparent(trace)})
            rest = Tour.model_validate(answer.raise_for_status().json())
        except httpx.HTTPError as error:
            raise HTTPException(502, "a service does not answer") from error
        return Tour(trace=trace, hops=[own, *rest.hops])

    return app
