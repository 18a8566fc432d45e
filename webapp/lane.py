"""The hot route in front of Flask's dispatch: the same handler, without what a framework does around it.

Whatever is not the plainest form of the request - a query, a prefix, an odd or untrusted host - is Flask's.
"""

from collections.abc import Iterable, Sequence
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.wsgi import get_content_length, get_input_stream

from lifecycle.logs import rebind
from webapp import access, edge, record_time, request_ids
from webapp.asked import Call
from webapp.body import read_body
from webapp.context import REQUEST_ID
from webapp.hot_route import PATH, STATUS, HotRoute
from webapp.http_answer import Answer
from webapp.negotiation import require_json_wanted
from webapp.predict_handler import answer_predict
from webapp.service import Service


class Lane:
    """A WSGI callable around another one, which answers everything else. `hot` is the same route without WSGI."""

    def __init__(self, other: WSGIApplication, service: Service, trusted_hosts: Sequence[str] = ()) -> None:
        self._other = other
        self._service = service
        self.hot = HotRoute(service, trusted_hosts)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or not self._takes(environ):
            return self._other(environ, start_response)
        answer = self._answer(environ)
        length = ("Content-Length", str(len(answer.body)))
        start_response(STATUS[answer.status], [*answer.headers, length])
        return (answer.body,)

    def _takes(self, environ: WSGIEnvironment) -> bool:
        if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING") or environ.get("SCRIPT_NAME"):
            return False
        return self.hot.takes_host(environ.get("HTTP_HOST", ""))

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        request_id = request_ids.accept_or_mint(environ.get("HTTP_X_REQUEST_ID"))
        environ[REQUEST_ID] = request_id
        rebind({"request_id": request_id})
        began = self._service.observer.begin()
        try:
            answer = answer_predict(self._service, self._call(environ, request_id))
        except Exception as error:  # noqa: BLE001 - as Flask's one handler does: every failure is answered
            answer = edge.answer_to_error(self._service, error, request_id)
        edge.tell_answered(self._service, began, "POST", PATH, answer.status)
        rebind({})
        return answer

    def _call(self, environ: WSGIEnvironment, request_id: str) -> Call:
        """In the order in which Flask's hooks and view look at the request. Raises ProblemError."""
        accept = environ.get("HTTP_ACCEPT", "")
        require_json_wanted(accept)
        found = access.admit(
            self._service, environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"), "predict"
        )
        declared = get_content_length(environ)
        stream = get_input_stream(environ)
        return Call(
            body=read_body(stream, declared, self._service.limits, environ.get("gunicorn.socket")),
            request_id=request_id,
            content_type=environ.get("CONTENT_TYPE", ""),
            content_encoding=environ.get("HTTP_CONTENT_ENCODING", ""),
            accept=accept,
            owner=found.owner,
            idempotency_key=environ.get("HTTP_IDEMPOTENCY_KEY", ""),
            replay_time=environ.get(record_time.ENVIRON, ""),
        )
