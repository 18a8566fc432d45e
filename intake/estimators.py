"""The estimators in a symbolic pickle: which, where, of what version, fitted or not, on which features."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from intake.symbols import Global, Made, array_values, class_of

MAX_VALUES = 2_000_000
MAX_DEPTH = 40
_OTHER_LIBRARIES = ("XGB", "LGBM", "CatBoost")
# They learn nothing from rows, so nothing in them shows whether fit was called.
_STATELESS = frozenset(
    {
        "AdditiveChi2Sampler", "Binarizer", "FeatureHasher", "FrozenEstimator", "FunctionTransformer",
        "HashingVectorizer", "Normalizer",
    }
)  # fmt: skip
_HOLDERS = {"Pipeline": "steps", "FeatureUnion": "transformer_list"}


@dataclass(frozen=True, slots=True)
class Estimator:
    """`place` is the attribute or step that holds it; `count` similar ones stand there.

    `fitted` is None where the file can't tell. `reads_files`: its rows would be taken for names of files.
    """

    place: str
    kind: Global
    version: str | None
    fitted: bool | None
    features: int | None
    feature_names: tuple[str, ...]
    classes: tuple[str, ...]
    reads_files: bool
    count: int
    parts: tuple["Estimator", ...]

    def walk(self) -> Iterator["Estimator"]:
        """Itself, then all within it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def find_estimators(root: Any) -> tuple[Estimator, ...]:
    """The outermost estimators in a symbolic value, in the order of the file, with those inside them."""
    return _Search().within([("", root)], 0)


class _Search:
    def __init__(self) -> None:
        self._seen: set[int] = set()

    def within(self, waiting: list[tuple[str, Any]], depth: int) -> tuple[Estimator, ...]:
        found: list[Estimator] = []
        while waiting and len(self._seen) < MAX_VALUES:
            place, item = waiting.pop()
            if not isinstance(item, list | tuple | dict | Made) or id(item) in self._seen:
                continue
            self._seen.add(id(item))
            if isinstance(item, Made) and depth < MAX_DEPTH and _is_estimator(item):
                found.append(self._estimator(place, item, depth))
            else:
                waiting.extend(reversed(_placed(place, item)))
        return _grouped(found)

    def _estimator(self, place: str, made: Made, depth: int) -> Estimator:
        attributes = made.attributes
        parts = self.within(_telling(attributes)[::-1], depth + 1)
        kind = class_of(made) or Global("", "?")
        return Estimator(
            place=place,
            kind=kind,
            version=_text(attributes.get("_sklearn_version")),
            fitted=_fitted(kind, attributes, parts),
            features=_count(attributes.get("n_features_in_")),
            feature_names=_names(attributes.get("feature_names_in_")),
            classes=_names(attributes.get("classes_")),
            reads_files=kind.module == "sklearn.feature_extraction.text"
            and attributes.get("input") in _FILES,
            count=1,
            parts=parts,
        )


_FILES = ("filename", "file")


def _is_estimator(value: Any) -> bool:
    kind = class_of(value)
    if kind is None:
        return False
    attributes = value.attributes
    return (
        "_sklearn_version" in attributes
        or (kind.name.startswith(_OTHER_LIBRARIES) and bool(attributes))
        or (kind.module == "__main__" and bool(attributes))
        or "n_features_in_" in attributes
    )


def _telling(attributes: dict[Any, Any]) -> list[tuple[str, Any]]:
    """Without the unfitted originals of what stands there fitted (`transformers` beside `transformers_`)."""
    has_fitted = any(_is_fitted_name(name) for name in attributes)
    hidden = {"estimator", "base_estimator", "estimator_"} if has_fitted else set()
    if "estimators_" not in attributes:
        hidden.discard("estimator_")
    return [
        (str(name), value)
        for name, value in attributes.items()
        if f"{name}_" not in attributes and name not in hidden
    ]


def _placed(place: str, value: Any) -> list[tuple[str, Any]]:
    """Parts with the name of their place: a named step keeps its name, list items that of their list."""
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return [(value[0], item) for item in value[1:]]
    if isinstance(value, dict):
        return [(str(name), item) for name, item in value.items()]
    if isinstance(value, Made):
        named = [(str(name), item) for name, item in (*value.attributes.items(), *value.entries)]
        return named + [(place, item) for item in (value.state, value.items, value.arguments)]
    return [(place, item) for item in value]


def _grouped(found: list[Estimator]) -> tuple[Estimator, ...]:
    """The hundred trees of a forest are one line."""
    groups: dict[tuple[str, Global], Estimator] = {}
    for estimator in found:
        key = (estimator.place, estimator.kind)
        known = groups.get(key)
        groups[key] = estimator if known is None else replace(known, count=known.count + 1)
    return tuple(groups.values())


def _fitted(kind: Global, attributes: dict[Any, Any], parts: tuple[Estimator, ...]) -> bool | None:
    if kind.name in _STATELESS:
        return None
    if kind.name in _HOLDERS:
        steps = [part for part in parts if part.fitted is not None]
        return all(part.fitted for part in steps) if steps else None
    if any(_is_fitted_name(name) for name in attributes) or attributes.get("_Booster") is not None:
        return True
    known_library = kind.module.split(".")[0] == "sklearn" or kind.name.startswith(_OTHER_LIBRARIES)
    return False if known_library else None


def _is_fitted_name(name: Any) -> bool:
    return isinstance(name, str) and name.endswith("_") and not name.startswith("_")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int | None:
    return value if type(value) is int else None


def _names(value: Any) -> tuple[str, ...]:
    """Feature names or labels as text; empty where the file can't tell without numpy."""
    listed = value if isinstance(value, list) else array_values(value)
    if listed is None or not all(isinstance(item, str | int | float) for item in listed):
        return ()
    return tuple(item if isinstance(item, str) else f"{item:g}" for item in listed if _is_printable(item))


def _is_printable(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) < 1 << 63
