"""Fit every scikit-learn estimator, pickle it, and compare the globals it needs with the allow-list.

`python -m intake.allow_list_survey` prints each needed global that is not listed and ends with 1 if there is any;
`--all` prints all that are needed. Run it in every runtime before a new scikit-learn minor is taken in, read each new
line for what a file could do with it (lifecycle/pickles/allow_list.py tells how), and only then add it to the list.
"""

import io
import pickle
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import joblib
from joblib.numpy_pickle import NumpyUnpickler
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from intake.specimens import estimators, fitted
from lifecycle.pickles.allow_list import AllowList, canonical_global


class _Recorder(NumpyUnpickler):  # type: ignore[misc]  # joblib publishes no types
    """Loads our own fresh pickles, noting every global."""

    def __init__(self, data: bytes, seen: set[str]) -> None:
        super().__init__("", io.BytesIO(data), ensure_native_byte_order=True)
        self._seen = seen

    def find_class(self, module: str, name: str) -> Any:
        self._seen.add(":".join(canonical_global(self.proto, module, name)))
        return super().find_class(module, name)


def needed_globals() -> list[str]:
    """Every `module:Name` that pickles and joblib dumps of fitted estimators name, sorted."""
    seen: set[str] = set()
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
    ):  # the data is far too small to share between threads
        warnings.simplefilter("ignore")
        for estimator in estimators():
            for specimen in fitted(estimator):
                for data in _dumps(specimen):
                    _Recorder(data, seen).load()
    return sorted(seen)


def _dumps(estimator: BaseEstimator) -> Iterator[bytes]:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        try:
            yield pickle.dumps(estimator, protocol=protocol)
        except (pickle.PicklingError, TypeError):
            return
    stream = io.BytesIO()
    joblib.dump(estimator, stream)
    yield stream.getvalue()


def missing(needed: Iterable[str]) -> list[str]:
    """Those that the allow-list does not permit."""
    allowed = AllowList.default()
    return [entry for entry in needed if not allowed.permits(*entry.split(":"))]


if __name__ == "__main__":
    found = needed_globals()
    shown = found if "--all" in sys.argv[1:] else missing(found)
    print("\n".join(shown))  # noqa: T201 - the survey's report
    sys.exit(bool(shown) and "--all" not in sys.argv[1:])
