"""Where marks turn up in what lies at rest: as they are, in Base64 as configuration likes it, and in archives in archives."""

import base64
import binascii
import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")
GZIP = b"\x1f\x8b"
MOST_DECODED = 1 << 20  # what is larger is no setting; an archive's members are looked at one by one


def holders(name: str, data: bytes, marks: Iterable[str]) -> list[str]:
    """`name: mark` for each mark that a file holds in any form."""
    wanted = list(marks)
    return [
        f"{place}: {mark}"
        for place, form in forms(name, data)
        for mark in wanted
        if mark.encode() in form or mark in place
    ]


def forms(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Itself, and everything that it is wrapped around."""
    yield name, data
    if data.startswith(GZIP):
        yield from forms(f"{name}|gunzip", gzip.decompress(data))
    elif _is_tar(data):
        yield from _members(name, data)
    elif zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from forms(f"{name}/{member}", archive.read(member))
    elif len(data) <= MOST_DECODED:
        for found in BASE64.finditer(data):
            decoded = _decoded(found[0])
            if decoded:
                yield f"{name}|base64", decoded


def _is_tar(data: bytes) -> bool:
    return data[257:262] == b"ustar"


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            place = f"{name}/{member.name}"
            if content is None:
                yield place, member.linkname.encode()
            else:
                yield from forms(place, content.read())


def _decoded(text: bytes) -> bytes:
    whole = text.rstrip(b"=")
    try:
        return base64.b64decode(whole + b"=" * (-len(whole) % 4))
    except binascii.Error:
        return b""


def of_file(path: Path, marks: Iterable[str]) -> list[str]:
    return holders(path.name, path.read_bytes(), marks)
