"""Bodies for the predict route, right ones and mutated ones: as values and as bytes."""

import random
from typing import Any

import orjson

from lifecycle.signature import Feature, Signature

_NUMBERS = ("0", "-0", "-0.0", "1", "1.0", "1e2", "1E400", "-1e-400", "3.4028234663852886e38", "3.5e38", "01", "1.",
            "123456789012345678901234567890", "9" * 41, "9007199254740993", "9223372036854775808", "NaN", "Infinity",
            "1e38", "2.5", "127", "128", "-129", "1" * 25 + ".5", "0.1", "-5", "1e19", "255")  # fmt: skip
_OTHERS = ("null", "true", "false", '""', '"text"', '"a:b"', '"\\u0041"', '"\\ud800"', '"\\ud83d\\ude00"', "[]", "{}",
           "[1]", '"basic"', '"AA"', '"2013-01-31"', '"2013-01-31T08:15:00Z"', '"1500-01-01"', '"é"', '"\\n"', '"\t"',
           '"2013-02-30"', '"2013-01-31T08:15:00.123456789+02:00"', '"\x7f"', '"12"')  # fmt: skip
_BYTES = (
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\x00",
    b",",
    b":",
    b"{",
    b"}",
    b'"',
    b"\\",
    b" ",
    b"[",
    b"]",
    b"e",
    b"-",
    b"0",
)


def mutated(signature: Signature, rows: list[dict[str, Any]], draw: random.Random) -> bytes:
    """A body that is right in one of six cases, and else differs from a right one in one place or a few."""
    count = draw.choice((1, 1, 2, 3))
    members = [_rows(signature, [draw.choice(rows) for _ in range(count)], draw), *_options(count, draw)]
    draw.shuffle(members)
    body = ("{" + ",".join(members) + "}").encode("utf-8", "surrogatepass")
    return _broken(body, draw) if draw.random() < 0.25 else body


def _rows(signature: Signature, rows: list[dict[str, Any]], draw: random.Random) -> str:
    if draw.random() < 0.3:
        return f'"columns":{_space(draw)}{_columns(signature, rows, draw)}'
    return f'"instances":{_space(draw)}[{",".join(_row(signature, row, draw) for row in rows)}]'


def _columns(signature: Signature, rows: list[dict[str, Any]], draw: random.Random) -> str:
    fields = [
        (feature.name, [_value(feature, row[feature.name], draw) for row in rows])
        for feature in signature.inputs
    ]
    change = draw.random()
    if change < 0.05:
        fields.pop(draw.randrange(len(fields)))
    elif change < 0.1:
        fields.append(draw.choice((draw.choice(fields), ("extra", ["1"] * len(rows)))))
    elif change < 0.15:
        draw.choice(fields)[1].append(draw.choice(_NUMBERS + _OTHERS))
    elif change < 0.25:
        draw.shuffle(fields)
    members = [f"{_key(name, draw)}{_space(draw)}:[{','.join(values)}]" for name, values in fields]
    return "{" + ",".join(members) + "}"


def _row(signature: Signature, row: dict[str, Any], draw: random.Random) -> str:
    fields = [(feature.name, _value(feature, row[feature.name], draw)) for feature in signature.inputs]
    change = draw.random()
    if change < 0.05:
        fields.pop(draw.randrange(len(fields)))
    elif change < 0.1:
        fields.append(
            (draw.choice(("extra", fields[0][0], fields[-1][0], "")), draw.choice(_NUMBERS + _OTHERS))
        )
    elif change < 0.2:
        draw.shuffle(fields)
    if not signature.named and draw.random() < 0.4:
        return "[" + ",".join(value for _, value in fields) + "]"
    return (
        "{"
        + ",".join(f"{_key(name, draw)}{_space(draw)}:{_space(draw)}{value}" for name, value in fields)
        + "}"
    )


def _value(feature: Feature, value: Any, draw: random.Random) -> str:
    chance = draw.random()
    if chance < 0.06:
        return draw.choice(_NUMBERS)
    if chance < 0.12:
        return draw.choice(_OTHERS)
    if chance < 0.15 and isinstance(value, float):
        return repr(draw.gauss(0, 10.0 ** draw.randint(-30, 30)))
    if chance < 0.18 and feature.categories:
        return orjson.dumps(draw.choice(feature.categories)).decode()
    return orjson.dumps(value).decode()


def _key(name: str, draw: random.Random) -> str:
    return '"' + (f"\\u{ord(name[0]):04x}{name[1:]}" if name and draw.random() < 0.01 else name) + '"'


def _space(draw: random.Random) -> str:
    return draw.choice(("", "", "", " ", "\n", "\t"))


def _options(count: int, draw: random.Random) -> list[str]:
    options = []
    if draw.random() < 0.2:
        options.append(f'"unit_id":{draw.choice(_OTHERS + _NUMBERS[:3])}')
    if draw.random() < 0.2:
        keys = [
            draw.choice(('"k"', '"a:b"', '"é"', '""', "1", '"' + "x" * draw.choice((256, 257)) + '"'))
            for _ in range(count)
        ]
        options.append(f'"row_keys":[{",".join(keys[: draw.choice((count, count, 1))])}]')
    if draw.random() < 0.15:
        options.append(
            f'"method":{draw.choice(("null", chr(34) + "predict" + chr(34), chr(34) + "predict_proba" + chr(34), "1"))}'
        )
    if draw.random() < 0.03:
        options.append(draw.choice(('"extra":1', '"unit_id":"again"', '"instances":[]', '"columns":{}')))
    return options


def _broken(body: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(body) + 1)
    way = draw.random()
    if way < 0.4:
        return body[:place] + draw.choice(_BYTES) + body[place:]
    if way < 0.7:
        return body[:place] + body[place + draw.randint(1, 3) :]
    return body[:place] + draw.choice(_BYTES) + body[place + 1 :]
