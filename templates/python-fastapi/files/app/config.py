from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class Config(BaseSettings):
    """What the environment decides: HOST, PORT and LOG_LEVEL."""

    host: str = "127.0.0.1"
    port: int = Field(default={{polyenv.port}}, ge=0, le=65535)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
