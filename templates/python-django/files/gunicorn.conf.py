from config import environment
from config.logs import describe_logs

bind = f"{environment.HOST}:{environment.PORT}"
workers = environment.WORKERS
# One process reads the settings for all: a secret key made at start must be the same for each.
preload_app = True
graceful_timeout = 10
accesslog = "-"
logconfig_dict = describe_logs(environment.LOG_LEVEL)
# It would make a socket in the home folder.
control_socket_disable = True
