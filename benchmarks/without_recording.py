"""The service with the one call left out that records a prediction."""

from webapp.wsgi import app, service

__all__ = ["app"]

service.record_predictions = lambda _records: True
