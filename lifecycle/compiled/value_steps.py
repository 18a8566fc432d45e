"""Steps on plain values: imputers of categories, and encoders as tables that were asked of the encoder itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lifecycle.compiled.shapes import (
    Array,
    Column,
    Form,
    Shape,
    Step,
    UnplannableError,
    anonymous,
    is_nan,
    objects,
)

UNSEEN = "\N{REPLACEMENT CHARACTER} unseen by the model"
MOST_CATEGORIES = 100_000
_ASKED_CELLS = 4_000_000


class Table(dict[Any, Any]):
    """What each value of one column is encoded as; for `unseen` and `missing` ones None means: refused."""

    def __init__(self, known: dict[Any, Any], unseen: Any, missing: Any) -> None:
        super().__init__(known)
        self._unseen = unseen
        self._missing = missing

    def __missing__(self, value: Any) -> Any:
        encoded = self._missing if value is None else self._unseen
        if encoded is None:
            raise ValueError("A category that the model does not know.")
        return encoded

    def behind(self, fill: Any) -> "Table":
        """What comes out of it behind an imputer, which puts `fill` where a value is missing."""
        known = {value: encoded for value, encoded in self.items() if value is not None}
        try:
            missing = self[fill]
        except ValueError:
            missing = None
        return Table(known, self._unseen, missing)


@dataclass(frozen=True, slots=True, eq=False)
class FillValues:
    """SimpleImputer on plain values: None becomes the column's statistic; indicators are further columns."""

    fill: tuple[Any, ...]
    told: tuple[int, ...]
    shape: Shape

    def __call__(self, block: Sequence[Sequence[Any]]) -> list[list[Any]]:
        filled = [
            [fill if value is None else value for value in values]
            for values, fill in zip(block, self.fill, strict=True)
        ]
        return filled + [[value is None for value in block[index]] for index in self.told]


@dataclass(frozen=True, slots=True, eq=False)
class OneHot:
    """Each table gives the place of a value's 1 in the row; the last place is for values that have none."""

    tables: tuple[Table, ...]
    width: int
    shape: Shape

    def __call__(self, block: Sequence[Sequence[Any]]) -> Array:
        count, width = len(block[0]), self.width + 1
        rows = np.zeros((count, width))
        if count == 1:
            rows[0, [table[values[0]] for table, values in zip(self.tables, block, strict=True)]] = 1.0
        else:
            cells, starts = rows.reshape(-1), np.arange(0, count * width, width)
            for table, values in zip(self.tables, block, strict=True):
                cells[starts + np.fromiter(map(table.__getitem__, values), np.intp, count)] = 1.0
        encoded: Array = rows[:, :-1]
        return encoded

    def behind(self, imputer: FillValues) -> "OneHot":
        return replace(self, tables=_behind(imputer, self.tables))


@dataclass(frozen=True, slots=True, eq=False)
class LookUp:
    """One number for each value: OrdinalEncoder, TargetEncoder."""

    tables: tuple[Table, ...]
    dtype: Any
    shape: Shape

    def __call__(self, block: Sequence[Sequence[Any]]) -> Array:
        encoded = [
            list(map(table.__getitem__, values)) for table, values in zip(self.tables, block, strict=True)
        ]
        return np.ascontiguousarray(np.array(encoded, dtype=self.dtype).T)  # by row, as scikit-learn's lie

    def behind(self, imputer: FillValues) -> "LookUp":
        return replace(self, tables=_behind(imputer, self.tables))


def _behind(imputer: FillValues, tables: Sequence[Table]) -> tuple[Table, ...]:
    return tuple(table.behind(fill) for table, fill in zip(tables, imputer.fill, strict=True))


def value_imputer(imputer: Any, shape: Shape) -> Step:
    wanted = "none" if imputer.missing_values is None else "nan"
    if imputer.missing_values is not None and not is_nan(imputer.missing_values):
        raise UnplannableError("SimpleImputer", "what stands for a missing value is neither NaN nor None.")
    if any(column.missing != wanted for column in shape.columns):
        raise UnplannableError("SimpleImputer", "it looks for another missing value than the features have.")
    if any(map(is_nan, imputer.statistics_)):
        raise UnplannableError("SimpleImputer", "a column had no value at all when it was fitted.")
    told = tuple(map(int, imputer.indicator_.features_)) if imputer.add_indicator else ()
    columns = (*shape.columns, *(Column(),) * len(told))
    return FillValues(tuple(imputer.statistics_), told, shape.with_columns(columns))


def one_hot(encoder: Any, shape: Shape) -> Step:
    widths = encoder._n_features_outs  # noqa: SLF001 - how many columns each feature becomes stands nowhere else
    starts = np.concatenate([[0], np.cumsum(widths)])
    width = int(starts[-1])

    def place(row: Array, column: int) -> int:
        found = np.flatnonzero(row[starts[column] : starts[column + 1]])
        return int(starts[column] + found[0]) if len(found) else width

    asked = _Asked(encoder, shape, place)
    tables = tuple(asked.table(column) for column in range(len(shape.columns)))
    form: Form = "as_sparse" if encoder.sparse_output else "dense"
    return OneHot(tables, width, Shape("numbers", anonymous(width), form))


def ordinal(encoder: Any, shape: Shape) -> Step:
    count = len(shape.columns)
    asked = _Asked(encoder, shape, lambda row, column: row[column].item())
    tables = tuple(asked.table(column) for column in range(count))
    return LookUp(tables, np.dtype(getattr(encoder, "dtype", np.float64)), Shape("numbers", anonymous(count)))


def target(encoder: Any, shape: Shape) -> Step:
    if getattr(encoder, "target_type_", "") == "multiclass":
        raise UnplannableError("TargetEncoder", "it gives several numbers for a category of several classes.")
    return ordinal(encoder, shape)


class _Asked:
    """The encoder, asked what it makes of each value; `read` takes what is wanted from a row of its answer."""

    def __init__(self, encoder: Any, shape: Shape, read: Callable[[Array, int], Any]) -> None:
        self._encoder = encoder
        self._columns = shape.columns
        self._read = read
        self._known = [list(known.tolist()) for known in encoder.categories_]
        if max(map(len, self._known)) > MOST_CATEGORIES:
            raise UnplannableError(
                type(encoder).__name__, f"it knows more than {MOST_CATEGORIES:,} categories."
            )

    def table(self, column: int) -> Table:
        known = [self._plain(value, column) for value in self._known[column]]
        told = dict(zip(known, self._encoded(known, column), strict=True))
        unseen = self._encoded_or_refused(_absent(self._known[column]), column)
        missing = None if None in told else self._encoded_or_refused(None, column)
        return Table(told, unseen, missing)

    def _encoded_or_refused(self, value: Any, column: int) -> Any:
        try:
            return self._encoded([value], column)[0]
        except ValueError:
            return None

    def _encoded(self, values: list[Any], column: int) -> list[Any]:
        """In pieces: a row may be as wide as there are categories."""
        found: list[Any] = []
        piece = max(1, _ASKED_CELLS // max(1, sum(map(len, self._known))))
        for start in range(0, len(values), piece):
            part = values[start : start + piece]
            block = [[self._plain(known[0], index)] * len(part) for index, known in enumerate(self._known)]
            block[column] = part
            answered = self._encoder.transform(objects(block, self._columns))
            rows = answered.toarray() if hasattr(answered, "toarray") else np.asarray(answered)
            found += [self._read(row, column) for row in rows]
        return found

    def _plain(self, value: Any, column: int) -> Any:
        """None for the very value that stands for a missing one."""
        missing = self._columns[column].missing
        return (
            None if (missing == "nan" and is_nan(value)) or (missing == "none" and value is None) else value
        )


def _absent(known: list[Any]) -> Any:
    """A value that is none of the known ones, of their kind."""
    numbers = [value for value in known if isinstance(value, int | float) and not is_nan(value)]
    return max(numbers) + 1.5 if numbers and len(numbers) >= len(known) - 1 else UNSEEN
