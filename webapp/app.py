"""The Flask application: built, registered, returned. Nothing is read, opened or connected when it is imported."""

from collections.abc import Sequence

from flask import Flask

from webapp import (
    access,
    context,
    documentation,
    edge,
    feedback,
    health,
    limits,
    models,
    openapi,
    predict,
    problem_pages,
)
from webapp.lane import Lane
from webapp.service import Service


def create_app(service: Service, trusted_hosts: Sequence[str] = (), *, lane: bool = True) -> Flask:
    """`trusted_hosts`: the host names that a request may name; none given allows any. `lane`: whether the hot route
    is answered in front of Flask's dispatch.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions[context.SERVICE] = service
    app.config["TRUSTED_HOSTS"] = list(trusted_hosts) or None
    app.url_map.strict_slashes = False  # a trailing slash means the same, and needs no redirect
    app.url_map.merge_slashes = False
    edge.register(app)
    access.register(app)
    for resource in (predict, feedback, models, limits, health, openapi, documentation, problem_pages):
        app.register_blueprint(resource.blueprint)
    if lane:
        app.wsgi_app = Lane(app.wsgi_app, service, trusted_hosts)  # type: ignore[method-assign]  # Flask's own way
    return app
