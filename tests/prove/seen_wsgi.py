"""The service, and a file of every request that its web process took for one: method, path, the edge's request id."""

import json

from lifecycle import settings
from webapp.hot_route import PATH, Answering
from webapp.lane import Lane
from webapp.wsgi import app

__all__ = ["app"]

_seen = settings.load().machine_dir / "seen"
_call, _begin = Lane.__call__, Answering.__init__


def _note(method, path, request_id):
    with _seen.open("a") as file:
        file.write(json.dumps([method, path, request_id]) + "\n")


def _noted(lane, environ, start_response):
    _note(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_X_REQUEST_ID"))
    return _call(lane, environ, start_response)


def _noted_hot(answering, service, sent):
    _note("POST", PATH, sent.request_id)
    _begin(answering, service, sent)


Lane.__call__ = _noted
Answering.__init__ = _noted_hot
