"""From a setting's text to its value. Each raises ValueError with what would be right, never with the text
given: it might be a secret in the wrong place.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from lifecycle.cpus import available_cpus

T = TypeVar("T")

_MIN_KEY_BYTES = 32
_AZURE_STORE = re.compile(r"az://[a-z0-9]{3,24}(/[A-Za-z0-9._-]+)*/?")
_SIZE = re.compile(r"([0-9]{1,15}) ?(B|KiB|MiB|GiB)?")
_SIZE_UNITS = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_HOST = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, repr=False)
class Secret(Generic[T]):
    """A value that no print, log, repr or error shows; only the one place that needs it takes its `value`."""

    value: T

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return "<SECRET>"


def text(given: str) -> str:
    return given


def whole(minimum: int, maximum: int) -> Callable[[str], int]:
    def convert(given: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", given) or not minimum <= int(given) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(given)

    return convert


def seconds(maximum: float) -> Callable[[str], float]:
    def convert(given: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", given) or not 0 < float(given) <= maximum:
            raise ValueError(f"must be a number of seconds above 0, at most {maximum:g}")
        return float(given)

    return convert


def number(given: str) -> float | None:
    """Any finite number; empty is none."""
    if not given:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,9})?", given):
        raise ValueError("must be a number such as 0.65")
    return float(given)


def share(given: str) -> float:
    if not re.fullmatch(r"[01]|[01]\.[0-9]{1,6}", given) or float(given) > 1:
        raise ValueError("must be a share from 0 to 1, such as 0.01")
    return float(given)


def size(given: str) -> int:
    found = _SIZE.fullmatch(given)
    if not found or not int(found[1]):
        raise ValueError("must be a number of bytes, such as 1048576, 512 KiB or 16 MiB")
    return int(found[1]) * _SIZE_UNITS[found[2]]


def one_of(*choices: str) -> Callable[[str], str]:
    def convert(given: str) -> str:
        if given.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return given.lower()

    return convert


def workers(given: str) -> int:
    return available_cpus() if given == "auto" else whole(1, 512)(given)


def edge_threads(given: str) -> int:
    return max(1, available_cpus() // 2) if given == "auto" else whole(1, 64)(given)


def folder(given: str) -> Path:
    return Path(given).absolute()


def host(given: str) -> str:
    """A name or an address; empty stays empty."""
    if re.search(r"[\s/\\]", given):
        raise ValueError("must be a host name or an address, without a scheme or a path")
    return given


def listener(given: str) -> tuple[str, int] | None:
    """An address and a port, such as 172.31.250.1:8125; empty is None."""
    if not given:
        return None
    name, _, number = given.rpartition(":")
    if not (_HOST.fullmatch(name) and number.isdecimal() and 0 < int(number) < 1 << 16):
        raise ValueError("must be an address and a port, such as 172.31.250.1:8125")
    return name, int(number)


def hosts(given: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    if not all(_HOST.fullmatch(name) for name in names):
        raise ValueError(
            "must be host names with commas between them, such as models.example.org,.example.net"
        )
    return names


def store_url(given: str) -> str:
    """A folder's path, made absolute, or a URL that stays as it is but for a slash at its end."""
    if given == "memory:" or _AZURE_STORE.fullmatch(given):
        return given.rstrip("/")
    if given.startswith("file:///") and "%" not in given and len(given) > len("file:///"):
        return given.rstrip("/")
    if ":" in given:
        raise ValueError("must be a folder, file:///folder (without %), or az://account/prefix")
    return f"file://{Path(given).absolute()}"


def endpoint(given: str) -> str:
    """Where the store's blob service answers; empty is the account's own address."""
    if given and not re.fullmatch(r"https?://[^\s/?#@]+(/[A-Za-z0-9._/-]*)?", given):
        raise ValueError("must be a URL such as http://127.0.0.1:10000/devstoreaccount1, without a password")
    return given.rstrip("/")


def vault(given: str) -> str:
    """A token goes there: over TLS, or to this machine alone; empty is none."""
    if given and not re.fullmatch(
        r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?|http://127\.0\.0\.1:[0-9]{1,5}/?", given
    ):
        raise ValueError("must be a URL such as https://flights-vault.vault.azure.net")
    return given.rstrip("/")


def address(given: str) -> str:
    """A mail address; empty stays empty."""
    if given and not _ADDRESS.fullmatch(given):
        raise ValueError("must be one plain mail address, such as nights@example.org")
    return given


def addresses(given: str) -> tuple[str, ...]:
    """Each once, in their order."""
    found = tuple(dict.fromkeys(one.strip() for one in given.split(",") if one.strip()))
    if not all(_ADDRESS.fullmatch(one) for one in found):
        raise ValueError("must be plain mail addresses with commas between them, such as ops@example.org")
    return found


def web_page(given: str) -> str:
    """An address for people; empty is none."""
    if given and not re.fullmatch(r"https?://[^\s/?#@\"'<>]+(/[A-Za-z0-9._/-]*)?", given):
        raise ValueError("must be a URL such as https://reports.example.org/nights, without a password")
    return given.rstrip("/")


def scheduler(given: str) -> str:
    """Where a Dask scheduler listens; empty is none."""
    if given and not re.fullmatch(r"(tcp|tls)://[^\s/?#@]+:[0-9]{1,5}", given):
        raise ValueError("must be an address such as tcp://127.0.0.1:8786")
    return given


def secret_text(given: str) -> Secret[str]:
    return Secret(given)


def secret_key(given: str) -> Secret[bytes]:
    """At least 32 bytes as hexadecimal or base64 (either alphabet); empty stays empty."""
    try:
        is_hex = re.fullmatch(r"([0-9A-Fa-f]{2})+", given)
        standard = given.replace("-", "+").replace("_", "/")
        key = bytes.fromhex(given) if is_hex else base64.b64decode(standard, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if given and len(key) < _MIN_KEY_BYTES:
        raise ValueError(f"must be at least {_MIN_KEY_BYTES} random bytes in hexadecimal or base64")
    return Secret(key)
