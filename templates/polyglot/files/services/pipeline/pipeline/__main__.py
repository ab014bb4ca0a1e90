import signal

import uvicorn

from pipeline.config import Config
from pipeline.logs import configure_logs
from pipeline.main import create_app


def main() -> None:
    config = Config()
    configure_logs(config.log_level)
    # Uvicorn finishes the requests under way and then raises the signal again for whoever was
    # there before it. With nobody there, a clean stop would look like a kill.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    app = create_app(str(config.next_url))
    uvicorn.run(app, host=config.host, port=config.port, log_config=None)


if __name__ == "__main__":
    main()
