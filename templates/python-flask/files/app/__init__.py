from flask import Flask

from app.routes import routes


def create_app() -> Flask:
    """The service: what Gunicorn, `flask run` and the tests start."""
    app = Flask(__name__)
    app.register_blueprint(routes)
    return app
