import os

from app.config import read_config
from app.logs import describe_logs

settings = read_config(os.environ)

bind = f"{settings.host}:{settings.port}"
workers = settings.workers
graceful_timeout = 10
accesslog = "-"
logconfig_dict = describe_logs(settings.log_level)
# It would make a socket in the home folder.
control_socket_disable = True
