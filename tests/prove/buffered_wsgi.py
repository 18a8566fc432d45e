"""The service with a recorder that leaves the last events in Python's buffer: the broken twin that must lose."""

import os

from lifecycle.prediction_log.process_spool import ProcessSpool
from webapp.wsgi import app

__all__ = ["app"]

_files = {}
_retire = ProcessSpool._retire


def _buffered_put(spool, frame):
    if spool._handle not in _files:
        _files[spool._handle] = os.fdopen(os.dup(spool._handle), "ab")
    _files[spool._handle].write(frame)
    spool._size += len(frame)
    if spool._size >= spool._limits.seal_bytes:
        _flushed_retire(spool)


def _flushed_retire(spool):
    file = _files.pop(spool._handle, None)
    if file is not None:
        file.close()
    _retire(spool)


ProcessSpool._put = _buffered_put
ProcessSpool._retire = _flushed_retire
