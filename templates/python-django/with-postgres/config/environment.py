"""What the environment decides. Raises ValueError, naming the variable."""

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEVELS = ("debug", "info", "warning", "error", "critical")


def read_number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is not a number: {text!r}")
    return int(text)


def read_port() -> int:
    port = read_number("PORT", {{polyenv.port}})
    if port > 65535:
        raise ValueError(f"PORT is not a port: {port}")
    return port


def read_database() -> str:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith(("postgres://", "postgresql://")):
        raise ValueError("DATABASE_URL names no PostgreSQL: start one with `polyenv up`")
    return url


def read_level() -> str:
    level = os.environ.get("LOG_LEVEL", "info")
    if level not in LEVELS:
        raise ValueError(f"LOG_LEVEL is none of {', '.join(LEVELS)}: {level!r}")
    return level


HOST = os.environ.get("HOST", "127.0.0.1")
PORT = read_port()
LOG_LEVEL = read_level()
WORKERS = read_number("WEB_CONCURRENCY", 2)
DEBUG = os.environ.get("DEBUG", "false") == "true"
# Better a key that ends with the process than one that everybody can read in the repository.
SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_urlsafe(50)
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
DATABASE_URL = read_database()
