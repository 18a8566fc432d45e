"""Who can reach the address that the web service listens on: this machine alone, or others too."""

import ipaddress
import re

_ADDRESS = re.compile(r"(?:tcp://)?(?:\[([0-9A-Fa-f:.%]+)\]|([^:\[\]/]+))(?::[0-9]+)?")


def beyond_loopback(host: str, bind: str) -> bool:
    """`bind`, where given, stands in place of `host`. What can't be told for sure counts as beyond."""
    places = bind.split(",") if bind else [f"[{host}]" if ":" in host else host]
    return not all(_is_local(place.strip()) for place in places)


def _is_local(place: str) -> bool:
    """One address in Gunicorn's notation: a Unix socket, a name or an address, with or without a port."""
    if place.startswith("unix:"):
        return True
    found = _ADDRESS.fullmatch(place)
    if not found:
        return False
    name = found[1] or found[2]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"
