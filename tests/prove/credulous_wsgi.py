"""The service where bodies are read by a plain parser, whose complaints nobody expects: the broken twin of ours."""

import orjson

from webapp import contract
from webapp.wsgi import app

__all__ = ["app"]

contract.parse = lambda body, _max_depth: orjson.loads(body)
