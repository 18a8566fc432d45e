"""An agent that takes spools away before their rows are put, under a new name at each try: the broken twin of the
real one. A kill loses what it holds, an answer that is lost on the way stores rows twice.
"""

import secrets
import shutil

from agent import conversion
from agent.__main__ import agent
from agent.shipper import Shipper

_put, _segment_key = Shipper._put, conversion.segment_key


def _careless_put(self, plan, paths, noted):
    held = self._scratch / f"held-{plan.name}"
    held.mkdir(parents=True, exist_ok=True)
    copies = [shutil.copy(path, held / path.name) for path in paths]
    for path in paths:
        path.unlink()
    try:
        return _put(self, plan, copies, noted)
    except Exception:
        for path, copy in zip(paths, copies, strict=True):
            shutil.copy(copy, path)
        raise


def _new_key(kind, hour, name):
    return _segment_key(kind, hour, f"{name}-{secrets.token_hex(4)}")


if __name__ == "__main__":
    Shipper._put = _careless_put
    conversion.segment_key = _new_key
    agent()
