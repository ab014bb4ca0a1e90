from typing import Literal

from pydantic import Field, HttpUrl
from pydantic_settings import BaseSettings


class Config(BaseSettings):
    """What the environment decides: HOST, PORT, LOG_LEVEL and NEXT_URL."""

    host: str = "127.0.0.1"
    port: int = Field(default={{polyenv.pipeline_port}}, ge=0, le=65535)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    next_url: HttpUrl
    """The service that comes next on the tour."""
