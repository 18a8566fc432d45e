"""A fitted estimator as bytes: the same fit gives the same bytes."""

import io
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


class _Pickler(pickle.Pickler):
    """scikit-learn's trees keep records with padding between their fields, and numpy writes whatever lies there."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, np.ndarray) and obj.dtype.names is not None:
            clean = np.zeros(obj.shape, obj.dtype)
            for name in obj.dtype.names:
                clean[name] = obj[name]
            return clean.__reduce__()
        return NotImplemented


def write_artifact(estimator: Any, path: Path) -> None:
    stream = io.BytesIO()
    _Pickler(stream, protocol=5).dump(estimator)
    path.write_bytes(stream.getvalue())


def adopt_shim(shim: ModuleType) -> None:
    """The shim's classes are those of `__main__` for whoever reads the artifact, so they are for who writes it."""
    main = sys.modules["__main__"]
    for name, found in list(vars(shim).items()):
        if getattr(found, "__module__", "") == shim.__name__:
            found.__module__ = "__main__"
            setattr(main, name, found)
