"""The service with the one call left out that records a prediction."""

from webapp.wsgi import app, service

__all__ = ["app"]

service.record_prediction = lambda _signature, _record: True
