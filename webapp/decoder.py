"""Bytes → a checked request in one pass of C, compiled from the signature. It only ever accepts: what it refuses is
read again by Marshmallow, which takes it after all or names every fault.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from lifecycle.prediction import MAX_ROW_KEY
from lifecycle.signature import Feature, Signature
from webapp.byte_scan import count_byte, has_lone_minus_zero
from webapp.fields import LARGEST_CATEGORY, LARGEST_NUMBER, integer_range, moment_in_range
from webapp.schemas import PredictRequest, methods_of

_UNFIT = re.compile(r'[\\"\x00-\x1f]')

Columns = list[list[Any]]
Form = Literal["objects", "arrays", "columns"]  # what the rows of a body are


class RefusedError(Exception):
    """Not for this decoder: Marshmallow has the word."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """`shapes` are the forms that rows may have, the usual one first; `turns` what becomes of a column's values."""

    names: tuple[str, ...]
    shapes: tuple[tuple[Form, msgspec.json.Decoder[Any]], ...]
    turns: tuple[tuple[int, Callable[[list[Any]], list[Any]]], ...]
    worded: tuple[int, ...]
    colons: int  # of a row that is an object: one a member, and those in the names

    @classmethod
    def of(cls, signature: Signature, max_rows: int) -> "Decoder":
        forms: tuple[Form, ...] = (
            ("objects", "columns") if signature.named else ("objects", "arrays", "columns")
        )
        if any(map(_UNFIT.search, signature.names)):
            forms = ()  # msgspec compiles no such member; Marshmallow reads it all
        turns = ((index, _turn(feature)) for index, feature in enumerate(signature.inputs))
        return cls(
            signature.names,
            tuple((form, _body_decoder(signature, max_rows, form)) for form in forms),
            tuple((index, turn) for index, turn in turns if turn is not None),
            tuple(index for index, feature in enumerate(signature.inputs) if _may_be_text(feature)),
            sum(1 + name.count(":") for name in signature.names),
        )

    def read(self, body: bytes) -> PredictRequest:
        """Raises RefusedError."""
        _refuse_doubtful(body)
        found, form = self._decoded(body)
        columns = _columns_of(found, form)
        rows = len(columns[0])
        keys = None if found.row_keys is UNSET else found.row_keys
        unit = None if found.unit_id is UNSET else found.unit_id
        if keys is not None and len(keys) != rows:
            raise RefusedError
        self._refuse_repeated_keys(body, found, columns, form)
        for index, turn in self.turns:
            columns[index] = turn(columns[index])
        method = None if found.method is UNSET else found.method
        named = dict(zip(self.names, columns, strict=True))
        return PredictRequest(rows, named, unit, None if keys is None else tuple(keys), method)

    def _decoded(self, body: bytes) -> tuple[Any, Form]:
        """The body, and the form that its rows have."""
        for form, shape in self.shapes:
            try:
                return shape.decode(body), form
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                continue
        raise RefusedError

    def _refuse_repeated_keys(self, body: bytes, found: Any, columns: Columns, form: Form) -> None:
        """Each member has a colon, and texts have theirs: one more, and some key stands twice.

        It holds because no text was written with escapes.
        """
        members = sum([value is not UNSET for value in msgspec.structs.astuple(found)])
        if form != "arrays":
            members += self.colons * (1 if form == "columns" else len(found.instances))
        colons = count_byte(body, b":")
        if colons == members:
            return
        texts = [found.unit_id] if isinstance(found.unit_id, str) else []
        if not isinstance(found.row_keys, UnsetType):
            texts += found.row_keys
        for index in self.worded:
            texts += [value for value in columns[index] if isinstance(value, str)]
        if colons != members + sum(text.count(":") for text in texts):
            raise RefusedError


def _columns_of(found: Any, form: Form) -> Columns:
    if form != "columns":
        if len(found.instances) == 1:
            return [[value] for value in msgspec.structs.astuple(found.instances[0])]
        return [list(column) for column in zip(*map(msgspec.structs.astuple, found.instances), strict=True)]
    columns = list(msgspec.structs.astuple(found.columns))
    if len(set(map(len, columns))) != 1:
        raise RefusedError
    return columns


def _refuse_doubtful(body: bytes) -> None:
    """Escapes may hide half characters, and a minus before a lone zero means nothing to Python but does to msgspec."""
    if b"\\" in body or has_lone_minus_zero(body):
        raise RefusedError
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            raise RefusedError from None


def _body_decoder(signature: Signature, max_rows: int, form: Form) -> msgspec.json.Decoder[Any]:
    key = Annotated[str, Meta(min_length=1, max_length=MAX_ROW_KEY)]
    count = Meta(min_length=1, max_length=max_rows)
    method: Any = Literal.__getitem__(methods_of(signature))
    row: Any = _members(signature, count if form == "columns" else None, array_like=form == "arrays")
    rows = ("columns", row) if form == "columns" else ("instances", Annotated[list[row], count])
    request = msgspec.defstruct(
        "Request",
        [
            rows,
            ("unit_id", key | UnsetType, UNSET),
            ("row_keys", Annotated[list[key], count] | UnsetType, UNSET),
            ("method", method | UnsetType, UNSET),
        ],
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(request)


def _members(signature: Signature, count: Meta | None, *, array_like: bool) -> type[msgspec.Struct]:
    """A member for each feature: its value, or with a `count` an array of so many."""

    def of(feature: Feature) -> Any:
        value: Any = _type(feature)
        return value if count is None else Annotated[list[value], count]

    return msgspec.defstruct(
        "Row",
        [(f"f{index}", of(feature)) for index, feature in enumerate(signature.inputs)],
        rename={f"f{index}": feature.name for index, feature in enumerate(signature.inputs)},
        forbid_unknown_fields=True,
        array_like=array_like,
        gc=False,
    )


def _type(feature: Feature) -> Any:
    taken = _value_type(feature)
    return taken | None if feature.nullable else taken


def _value_type(feature: Feature) -> Any:
    if feature.kind == "number":
        return Annotated[float, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    if feature.kind == "integer":
        least, most = integer_range(feature.dtype)
        return Annotated[int, Meta(ge=max(least, -(2**63)), le=min(most, 2**63 - 1))]
    if feature.kind == "boolean":
        return bool
    if feature.kind == "category" and any(not isinstance(known, str) for known in feature.categories):
        return _category_type(feature)
    return str


def _category_type(feature: Feature) -> Any:
    kinds = {
        bool if isinstance(known, bool) else str if isinstance(known, str) else float
        for known in feature.categories
    }
    if float not in kinds:
        return str | bool if str in kinds else bool
    number: Any = int | float
    for kind in sorted(kinds - {float}, key=str):
        number |= kind
    return number


def _turn(feature: Feature) -> Callable[[list[Any]], list[Any]] | None:
    """What Marshmallow makes of the values beyond checking their type; raises RefusedError."""
    if feature.kind == "datetime":
        return _moments
    if feature.kind != "category":
        return None
    if all(isinstance(known, str) for known in feature.categories):
        return _only(frozenset((*feature.categories, None))) if feature.unknown == "refuse" else None
    known = {(isinstance(value, bool), value): value for value in feature.categories}
    return lambda values: [_category(value, known, refuse=feature.unknown == "refuse") for value in values]


def _only(known: frozenset[Any]) -> Callable[[list[Any]], list[Any]]:
    def check(values: list[Any]) -> list[Any]:
        if not known.issuperset(values):
            raise RefusedError
        return values

    return check


def _category(value: Any, known: dict[tuple[bool, Any], Any], *, refuse: bool) -> Any:
    if value is None:
        return None
    key = (isinstance(value, bool), value)
    if key in known:
        return known[key]
    if refuse or (not isinstance(value, str) and abs(value) > LARGEST_CATEGORY):
        raise RefusedError
    return value


def _moments(values: list[Any]) -> list[Any]:
    try:
        return [None if value is None else moment_in_range(value) for value in values]
    except ValueError:
        raise RefusedError from None


def _may_be_text(feature: Feature) -> bool:
    return feature.kind in {"text", "datetime", "category"}
