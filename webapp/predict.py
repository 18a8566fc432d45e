"""POST /api/v1/predict."""

from flask import Blueprint, Response, request

from webapp import record_time
from webapp.access import caller
from webapp.asked import Call
from webapp.body import read_body
from webapp.context import request_id, service, to_response
from webapp.predict_handler import answer_predict

blueprint = Blueprint("predict", __name__, url_prefix="/api/v1")


@blueprint.post("/predict")
def predict() -> Response:
    call = Call(
        body=read_body(
            request.stream, request.content_length, service().limits, request.environ.get("gunicorn.socket")
        ),
        request_id=request_id(),
        content_type=request.headers.get("Content-Type", ""),
        content_encoding=request.headers.get("Content-Encoding", ""),
        accept=request.headers.get("Accept", ""),
        owner=caller().owner,
        idempotency_key=request.headers.get("Idempotency-Key", ""),
        replay_time=request.headers.get(record_time.HEADER, ""),
    )
    return to_response(answer_predict(service(), call))
