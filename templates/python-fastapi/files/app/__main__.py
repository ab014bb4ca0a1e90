import signal

import uvicorn

from app.config import Config
from app.logs import configure_logs


def main() -> None:
    config = Config()
    configure_logs(config.log_level)
    # Uvicorn finishes the requests under way and then raises the signal again for whoever was
    # there before it. With nobody there, a clean stop would look like a kill.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    uvicorn.run("app.main:app", host=config.host, port=config.port, log_config=None)


if __name__ == "__main__":
    main()
