"""Requests that two servers may read differently, each with another one hidden in it."""

INNER = b"GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Inner: "


def pairs(key, draw):
    """Bytes to send, without end; a name for the kind."""
    while True:
        name = draw.choice(list(KINDS))
        inner = INNER + b"%06d\r\n\r\n" % draw.randrange(1_000_000)
        if draw.random() < 0.3:
            inner = inner[: -draw.randint(1, 4)]  # a beginning that the next request would complete
        yield name, KINDS[name](_Drawn(key, inner, draw))


class _Drawn:
    """One case: the hidden request, as it is, as a chunked body, and a head that may come before."""

    def __init__(self, key, inner, draw):
        self.key, self.inner, self.draw = key, inner, draw
        self.chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
        self.nothing = b"0\r\n\r\n" + inner

    def head(self, *lines, version=b"1.1", end=b"\r\n"):
        path = self.draw.choice([b"/api/v1/predict", b"/api/v1/feedback", b"/livez"])
        method = b"GET" if path == b"/livez" and self.draw.random() < 0.5 else b"POST"
        first = [
            b"%s %s HTTP/%s" % (method, path, version),
            b"Host: a",
            b"Content-Type: application/json",
            b"X-Api-Key: " + self.key,
        ]
        more = list(lines)
        self.draw.shuffle(more)
        return end.join([*first, *more]) + end + end

    def length(self, data=None):
        return b"Content-Length: %d" % len(self.inner if data is None else data)

    def coding(self):
        return self.draw.choice(
            [
                b"Transfer-Encoding: chunked", b"transfer-encoding: Chunked", b"Transfer-Encoding:chunked",
                b"Transfer-Encoding: xchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: chunked, identity",
                b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding:\tchunked", b"Transfer-Encoding: \x0bchunked",
                b"Transfer-Encoding: chunked\x00", b'Transfer-Encoding: "chunked"', b"Transfer-Encoding:\r\n chunked",
                b"X: y\nTransfer-Encoding: chunked", b" Transfer-Encoding: chunked", b"Transfer_Encoding: chunked",
                b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked",
                b"Transfer-Encoding: chunk", b"Transfer-Encoding: chunked;q=1", b"Transfer\x00-Encoding: chunked",
            ]
        )  # fmt: skip

    def odd_length(self):
        size = len(self.inner)
        return self.draw.choice(
            [
                b"Content-Length: +%d" % size, b"Content-Length: %d, %d" % (size, size), b"Content-Length: 0x%x" % size,
                b"Content-Length: 0%d" % size, b"Content-Length : %d" % size, b"Content-Length: %d " % size,
                b"Content-Length:\r\n %d" % size, b"Content-Length: \x0b%d" % size, b"Content-Length: -%d" % size,
                b"Content_Length: %d" % size, b"X: y\nContent-Length: %d" % size, b"Content-Length: 0\nContent-Length: %d" % size,
                b"Content-Length: %d\x00" % size, b" Content-Length: %d" % size, b"Content-Length: 1%020d" % size, b"Content-Length:",
            ]
        )  # fmt: skip


def _chunk_faults(one):
    size = b"%x" % len(one.inner)
    line = one.draw.choice(
        [
            size + b"\n", size + b";a=\n\r\n", b"0" * 30 + size + b"\r\n", size + b" \r\n", b"0x" + size + b"\r\n", size + b"\r",
            b"+" + size + b"\r\n", b"1" + b"0" * 16 + size + b"\r\n", size + b";\r\n", b"-" + size + b"\r\n", size + b"_0\r\n",
        ]
    )  # fmt: skip
    end = one.draw.choice(
        [b"\r\n0\r\n\r\n", b"\n0\n\n", b"0\r\n\r\n", b"\r\n0\r\nContent-Length: 5\r\n\r\n", b"\r\n00\r\n\r\n"]
    )
    return one.head(b"Transfer-Encoding: chunked") + line + one.inner + end


KINDS = {
    "length first": lambda one: one.head(one.length(one.nothing), one.coding()) + one.nothing,
    "chunks first": lambda one: one.head(b"Content-Length: 4", one.coding()) + one.chunked,
    "chunks alone": lambda one: one.head(one.coding()) + one.chunked,
    "two codings": lambda one: one.head(one.coding(), one.coding(), one.length(one.nothing)) + one.nothing,
    "two lengths": lambda one: one.head(b"Content-Length: 0", one.length()) + one.inner,
    "an odd length": lambda one: one.head(one.odd_length()) + one.inner,
    "an odd length beside another": lambda one: one.head(one.odd_length(), b"Content-Length: 0") + one.inner,
    "no length": lambda one: one.head() + one.inner,
    "bare line feeds": lambda one: one.head(one.length(), end=b"\n") + one.inner,
    "a folded header": lambda one: one.head(b"X-A: b\r\n " + one.length()) + one.inner,
    "HTTP/1.0 in chunks": lambda one: one.head(one.coding(), b"Connection: keep-alive", version=b"1.0") + one.chunked,
    "a framing that the connection takes away": lambda one: one.head(
        b"Connection: " + one.draw.choice([b"Content-Length", b"Transfer-Encoding", b"X-Request-Id"]) + b", keep-alive", one.length()
    )
    + one.inner,
    "an upgrade": lambda one: one.head(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk") + one.inner,
    "an expectation": lambda one: one.head(b"Expect: 100-continue", one.length()) + one.inner,
    "a damaged chunk": _chunk_faults,
}  # fmt: skip
