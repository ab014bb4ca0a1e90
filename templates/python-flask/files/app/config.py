from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True)
class Config:
    """What the environment decides."""

    host: str
    port: int
    log_level: str
    workers: int


def read_config(env: Mapping[str, str]) -> Config:
    """Reads HOST, PORT, LOG_LEVEL and WEB_CONCURRENCY; raises ValueError, naming the variable."""
    level = env.get("LOG_LEVEL", "info")
    if level not in LEVELS:
        raise ValueError(f"LOG_LEVEL is none of {', '.join(LEVELS)}: {level!r}")
    port = read_number(env, "PORT", {{polyenv.port}})
    if port > 65535:
        raise ValueError(f"PORT is not a port: {port}")
    return Config(
        host=env.get("HOST", "127.0.0.1"),
        port=port,
        log_level=level,
        workers=read_number(env, "WEB_CONCURRENCY", 2),
    )


def read_number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is not a number: {text!r}")
    return int(text)
