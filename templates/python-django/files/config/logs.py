from typing import Any


def describe_logs(level: str) -> dict[str, Any]:
    """A configuration for `logging`: one JSON object a line, Gunicorn's too."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stdout",
            }
        },
        "root": {"handlers": ["stdout"], "level": level.upper()},
        # Gunicorn would give them handlers of their own.
        "loggers": {
            name: {"handlers": [], "level": level.upper(), "propagate": True}
            for name in ("gunicorn.error", "gunicorn.access")
        },
    }
