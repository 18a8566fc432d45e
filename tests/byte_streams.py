"""Byte streams for a web server: right requests, wrong ones, and bytes that were damaged on their way."""

import random

import orjson

METHODS = (
    "GET",
    "POST",
    "POST",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "CONNECT",
    "get",
    "P#ST",
    "PO",
    "",
)
TARGETS = ("/api/v1/predict", "/api/v1/predict", "/api/v1/predict", "/api/v1/predict/", "/api/v1/predict?a=1", "/livez", "/livez",
           "/readyz", "/api/v1/feedback", "/api/v1/models", "/nowhere", "*", "http://a/livez", "/%6civez", "/livez#x",
           "//livez", "/../livez", "", "/\xe9", "/a b", "localhost:80", "/" + "x" * 1990, "/" + "x" * 2100)  # fmt: skip
VERSIONS = ("HTTP/1.1",) * 12 + ("HTTP/1.0", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/1", "http/1.1", "HTTP/1.10", "")  # fmt: skip
HEADERS = ("Accept: */*", "Accept: text/html", "Accept: application/json", "User-Agent: test", "X-Request-Id: abcdefgh12",
           "x-request-id: 0123456789abcdef", "X-Request-Id: no", "X-Request-Id: abcdefgh99", "Connection: close",
           "Connection: keep-alive", "connection: CLOSE", "Connection: Keep-Alive, x", "Expect: 100-continue",
           "Expect: magic", "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding: gzip, chunked",
           "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding:chunked",
           "Transfer-Encoding: \x0bchunked", "Content-Length: 5", "Content-Length: 0", "Content-Length: -1",
           "Content-Length: +5", "Content-Length: 5, 5", "Content-Length: 0x5", "Content-Length: 99999999999",
           "content-length: 12", "Content-Length : 5", "Content_Length: 5", "X_Api_Key: a", "X-Api-Key: a", "X-Api-Key: b",
           "Authorization: Bearer x", "Authorization: Basic y", "Idempotency-Key: k1", "Content-Encoding: gzip",
           "Content-Type: text/plain", "Content-Type: application/json; charset=utf-8", "Host: a", "Host: b:80", "Host: ",
           "Host: a b", "Host: [::1]", " folded", "\tfolded: x", "Bad Header: x", ": empty", "NoColon", "X-Nul: a\x00b",
           "X-Cr: a\rb", "X-High: \xe9", "X-Long: " + "y" * 4200, "X-Forwarded-Proto: https", "X-Forwarded-Protocol: ssl",
           "X-Forwarded-Ssl: on", "Script_Name: /a", "SCRIPT_NAME: /api", "PATH_INFO: /livez", "Upgrade: h2c",
           "Upgrade: websocket", "HTTP2-Settings: AAMAAABkAAQAAP__", "Trailer: X-A", "TE: trailers", "X-Empty:",
           "X-Replay-Time: 2013-01-01", "Cookie: a=1", "Cookie: b=2")  # fmt: skip
SIZES = ("{size:x}", "{size:X}", "0{size:x}", "{size:x};a=b", "{size:x} ;a", '{size:x};a="b\\"c"', "{size:x} ", " {size:x}",
         "0x{size:x}", "-{size:x}", "{size:x};a=\x01", "", "g", "{size:x}\r")  # fmt: skip
TRAILERS = ("", "", "", "X-A: b\r\n", "Content-Length: 5\r\n", "bad\r\n", "X: " + "z" * 5000 + "\r\n", " x: y\r\n", "a: b\n")  # fmt: skip
DAMAGE = (
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\x00",
    b" ",
    b"\t",
    b":",
    b"\xff",
    b"0",
    b"5",
    b"GET / HTTP/1.1\r\n\r\n",
)


def stream(rows: list[dict[str, object]], draw: random.Random) -> list[bytes]:
    """The pieces in which one client's bytes arrive."""
    data = b"".join(request(rows, draw) for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 4))))
    for _ in range(draw.choice((0, 0, 0, 1, 1, 2, 3))):
        data = damaged(data, draw)
    return pieces(data, draw)


def request(rows: list[dict[str, object]], draw: random.Random) -> bytes:
    """Right in about half of all cases."""
    if draw.random() < 0.3:
        return plain(rows, draw)
    head = [f"{draw.choice(METHODS)} {draw.choice(TARGETS)} {draw.choice(VERSIONS)}"]
    if draw.random() < 0.9:
        head.append("Host: localhost")
    head += draw.choices(HEADERS, k=draw.choice((0, 0, 1, 1, 2, 3, 60 if draw.random() < 0.05 else 4)))
    framing, body = framed(body_of(rows, draw), draw)
    head += ["Content-Type: application/json", *framing]
    draw.shuffle(head[1:])
    end = draw.choice(("\r\n",) * 30 + ("\n", "\r", "\r\r\n"))
    return (end.join([*head, "", ""])).encode("latin-1") + body


def plain(rows: list[dict[str, object]], draw: random.Random) -> bytes:
    """As a good client sends it."""
    body = body_of(rows, draw)
    more = draw.choice(
        ("", "X-Request-Id: abcdefgh12\r\n", "Connection: close\r\n", "Accept: */*\r\nUser-Agent: x\r\n")
    )
    name = draw.choice(("Content-Length", "content-length"))
    head = f"POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}{name}: {len(body)}\r\n\r\n"
    return head.encode() + body


def body_of(rows: list[dict[str, object]], draw: random.Random) -> bytes:
    if draw.random() < 0.3:
        return draw.choice(
            (b"", b"{", b"{}", b"[]", b'{"instances": []}', b'{"instances": [{}]}', b"x" * 300, b"\x00")
        )
    return orjson.dumps({"instances": draw.choices(rows, k=draw.choice((1, 1, 2, 5)))})


def framed(body: bytes, draw: random.Random) -> tuple[list[str], bytes]:
    """The headers that tell a body's end, and its bytes as they go over the wire."""
    kind = draw.random()
    if kind < 0.6:
        off = draw.choice((0,) * 10 + (1, -1, 100))
        return [f"Content-Length: {max(0, len(body) + off)}"], body
    if kind < 0.7:
        return [], body if draw.random() < 0.3 else b""
    parts, at = [], 0
    while at < len(body):
        size = draw.randint(1, max(1, len(body) - at))
        line = draw.choice(SIZES[:6] if draw.random() < 0.9 else SIZES).format(size=size)
        parts.append(
            line.encode("latin-1")
            + b"\r\n"
            + body[at : at + size]
            + (b"\r\n" if draw.random() < 0.98 else b"")
        )
        at += size
    last = draw.choice(("0\r\n",) * 12 + ("00\r\n", "0;x\r\n", "0\n", ""))
    trailer = draw.choice(TRAILERS)
    return ["Transfer-Encoding: chunked"], b"".join([*parts, last.encode(), trailer.encode(), b"\r\n"])


def damaged(data: bytes, draw: random.Random) -> bytes:
    at, length = draw.randint(0, len(data)), draw.choice((1, 1, 2, 5, 40))
    change = draw.choice((b"", draw.choice(DAMAGE), bytes([draw.randrange(256)]), data[at : at + length] * 2))
    if draw.random() < 0.1:
        return data[:at]
    return data[:at] + change + data[at + draw.choice((0, length)) :]


def pieces(data: bytes, draw: random.Random) -> list[bytes]:
    """Mostly in one piece or a few, now and then byte by byte."""
    if draw.random() < 0.03 and len(data) < 600:
        return [data[at : at + 1] for at in range(len(data))]
    cuts = sorted(draw.randint(0, len(data)) for _ in range(draw.choice((0, 0, 0, 1, 2, 5))))
    return [
        piece for piece in (data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)) if piece
    ]
