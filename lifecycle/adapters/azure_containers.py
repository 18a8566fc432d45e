"""The containers of a store on Azure Blob, made with the account's key. On Azure itself Terraform makes them."""

import base64
import hashlib
import hmac
import urllib.error
import urllib.request
from email.utils import formatdate

from lifecycle.errors import SettingsError, StoreError, StoreUnavailableError
from lifecycle.object_store import AREAS
from lifecycle.settings import PREFIX, Settings

API_VERSION = "2021-08-06"
_TIMEOUT_S = 20
_EXISTS = 409


def create_containers(settings: Settings) -> tuple[str, ...]:
    """Make those of the four areas that are not there; the names of those made. A directory needs none.

    Raises SettingsError without the account's key, StoreUnavailableError while nobody answers.
    """
    if not settings.store.startswith("az://"):
        return ()
    if not settings.store_access_key:
        raise SettingsError(
            "Containers are made with the account's key.", fix=f"Set {PREFIX}STORE_ACCESS_KEY_FILE."
        )
    return tuple(area for area in AREAS if _create(settings, area))


def _create(settings: Settings, name: str) -> bool:
    account = settings.store.removeprefix("az://").split("/")[0]
    base = settings.store_endpoint or f"https://{account}.blob.core.windows.net"
    request = urllib.request.Request(f"{base}/{name}?restype=container", method="PUT")  # noqa: S310 - a checked URL
    date = formatdate(usegmt=True)
    signature = _signature(settings.store_access_key.value, account, f"{_path(base)}/{name}", date)
    for header, text in {
        "x-ms-date": date,
        "x-ms-version": API_VERSION,
        "Content-Length": "0",
        "Authorization": f"SharedKey {account}:{signature}",
    }.items():
        request.add_header(header, text)
    return _sent(request)


def _sent(request: urllib.request.Request) -> bool:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310 - the store's own address
            return True
    except urllib.error.HTTPError as problem:
        if problem.code == _EXISTS:
            return False
        raise StoreError(f"The store refused to make a container: {problem.code}.") from problem
    except OSError as problem:
        raise StoreUnavailableError("The store did not answer.") from problem


def _path(base: str) -> str:
    """In an address with a path, such as Azurite's, the account's name stands once more."""
    _, slash, path = base.split("://", 1)[1].partition("/")
    return slash + path


def _signature(key: str, account: str, path: str, date: str) -> str:
    headers = f"x-ms-date:{date}\nx-ms-version:{API_VERSION}"
    to_sign = "PUT" + "\n" * 12 + f"{headers}\n/{account}{path}\nrestype:container"
    return base64.b64encode(hmac.digest(base64.b64decode(key), to_sign.encode(), hashlib.sha256)).decode()
