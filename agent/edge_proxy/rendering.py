"""An Edge → the files of its HAProxy: the configuration and the bodies of its own answers. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import Template

from agent.edge_proxy import key_limiting
from agent.edge_proxy.configuration import (
    BUFFER_BYTES,
    COLOURS,
    HEADERS_BYTES,
    Edge,
    Listener,
    smoke_socket,
    web_socket,
)
from agent.edge_proxy.server_state import WEIGHT

CONFIGURATION = "haproxy.cfg"
REQUEST_ID = "%[unique-id]"  # what the body of an answer holds where the request's id belongs

_TEMPLATE = Path(__file__).with_name("haproxy.cfg.template")
_RETRY_AFTER_S = {429: 10, 503: 1}
_LANE = (413, 500, 502, 503, 504)
_PROBE_PLACES = 200  # connections kept for probe and runtime socket when the edge is full
_LARGE_WAITING = 16  # for each place that large bodies have
PACE_WINDOW_MS = 250
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Answer:
    """What HAProxy itself answers with one status: a problem document with REQUEST_ID in it, and headers."""

    body: str
    headers: Mapping[str, str]


def render(edge: Edge, answers: Mapping[int, Answer], installed: PurePosixPath) -> dict[str, str]:
    """File name → text; `installed` is the folder that HAProxy will read them from."""
    arguments = {status: _arguments(status, answer, installed) for status, answer in answers.items()}
    files = {_body_file(status): answer.body for status, answer in answers.items()}
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        _numbers(edge),
        runtime_socket=edge.runtime_socket,
        state_file=edge.state_file,
        probe=edge.probe,
        identity=_lines(_identity(edge)),
        binds=_lines(_binds(edge)),
        balancer_rules=_lines(_balancer_rules(edge)),
        live_servers=_lines(_live_servers(edge)),
        small_servers=_lines(_servers(edge, edge.small_places)),
        large_servers=_lines(_servers(edge, edge.large_places)),
        smoke="\n".join(_smoke(edge)),
        **key_limiting.parts(edge.key_limit, _key_answer(answers, installed), told=edge.tells_key_limit),
        edge_errors=_lines(_errors(arguments, (500,))),
        lane_errors=_lines(_errors(arguments, (400, 408, *_LANE))),
        **{f"answer_{status}": f"deny_status {text}" for status, text in arguments.items()},
    )
    return {CONFIGURATION: text} | files


def _numbers(edge: Edge) -> dict[str, int]:
    times = edge.timeouts
    return {
        "all_connections": edge.connections + _PROBE_PLACES,
        "connections": edge.connections,
        "waiting": edge.waiting,
        "threads": edge.threads,
        "large_waiting": min(edge.waiting, _LARGE_WAITING * edge.large_places),
        "window_ms": PACE_WINDOW_MS,
        "patience_ms": 2 * PACE_WINDOW_MS,  # a thread that was put to sleep for a moment tells of an old one
        "windows": 1000 // PACE_WINDOW_MS * times.queue_s // 2,
        "buffer_bytes": BUFFER_BYTES,
        "headers_bytes": HEADERS_BYTES,
        "small_body_bytes": BUFFER_BYTES - HEADERS_BYTES - 2048,  # with its headers it fits the buffer
        "max_body_bytes": edge.max_body_bytes,
        "address_connections": edge.limits.connections,
        "hard_connections": 2 * edge.limits.connections,
        "address_requests": edge.limits.requests_in_10_s,
        "drain_s": times.drain_s,
        "connect_s": times.connect_s,
        "client_s": times.client_s,
        "answer_s": times.answer_s,
        "queue_s": times.queue_s,
        "header_s": times.header_s,
        "keep_alive_s": times.keep_alive_s,
        "last_request_s": times.last_request_s,
    }


def _identity(edge: Edge) -> Iterator[str]:
    """Where HAProxy starts as root it must be told whom to become."""
    if edge.user:
        yield f"user {edge.user}"
    if edge.group:
        yield f"group {edge.group}"


def _binds(edge: Edge) -> Iterator[str]:
    for number, listener in enumerate(edge.listeners, start=1):
        yield " ".join(["bind", listener.address, "id", str(number), *_options(listener)])


def _options(listener: Listener) -> Iterator[str]:
    if listener.balancers:
        yield "accept-proxy"
    if listener.certificate:
        yield f"ssl crt {listener.certificate} alpn http/1.1"


def _balancer_rules(edge: Edge) -> Iterator[str]:
    for number, listener in enumerate(edge.listeners, start=1):
        if listener.balancers:
            yield f"tcp-request connection reject if {{ so_id {number} }} !{{ src {' '.join(listener.balancers)} }}"


def _live_servers(edge: Edge) -> Iterator[str]:
    for number, colour in enumerate(COLOURS, start=1):
        yield f"server {colour} unix@{web_socket(edge.folder, colour)} id {number} check"


def _servers(edge: Edge, places: int) -> Iterator[str]:
    """The weights in force stand in the state file; HAProxy believes it while these here stay the same."""
    for number, colour in enumerate(COLOURS, start=1):
        socket = web_socket(edge.folder, colour)
        yield f"server {colour} unix@{socket} id {number} weight {WEIGHT} maxconn {places} track live/{colour}"


def _smoke(edge: Edge) -> Iterator[str]:
    for number, colour in enumerate(COLOURS):
        yield f"frontend smoke-{colour} from base"
        yield f"{_INDENT}bind unix@{smoke_socket(edge.folder, colour)} mode 660"
        yield f"{_INDENT}default_backend smoke-{colour}"
        yield f"backend smoke-{colour} from lane"
        yield f"{_INDENT}id {30 + number}"
        yield f"{_INDENT}server {colour} unix@{web_socket(edge.folder, colour)} id 1"


def _errors(arguments: Mapping[int, str], statuses: tuple[int, ...]) -> Iterator[str]:
    for status in statuses:
        yield f"http-error status {arguments[status]}"


def _arguments(status: int, answer: Answer, installed: PurePosixPath) -> str:
    headers = dict(answer.headers)
    if status in _RETRY_AFTER_S:
        headers.setdefault("Retry-After", str(_RETRY_AFTER_S[status]))
    content_type = headers.pop("Content-Type")
    more = "".join(f' hdr {name} "{value}"' for name, value in headers.items())
    return f"{status} content-type {content_type} lf-file {installed / _body_file(status)}{more}"


def _key_answer(answers: Mapping[int, Answer], installed: PurePosixPath) -> str:
    """As for an address, but it is known when the key has a token again."""
    answer = Answer(answers[429].body, {**answers[429].headers, "Retry-After": "%[var(txn.wait_s)]"})
    return f"deny_status {_arguments(429, answer, installed)}"


def _body_file(status: int) -> str:
    return f"{status}.json"


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(_INDENT + line for line in lines)
