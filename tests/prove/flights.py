"""The demonstration model's files, and rows as a client sends them with what became of each flight."""

import csv
from functools import cache
from pathlib import Path

import pytest

FLIGHTS = Path(__file__).parents[2] / "var" / "samples" / "flights"
_NOT_FEATURES = {"scheduled_at", "fold", "arrival"}


def model_files():
    """Model and sample; skips where they were not made."""
    if not (FLIGHTS / "flights.pkl").exists():
        pytest.skip("no flights: make var/samples/flights/flights.pkl")
    return FLIGHTS / "flights.pkl", FLIGHTS / "flights-sample.csv"


@cache
def labelled_flights(limit=600):
    """Rows of the hold-out and, in the same order, `late` or `on time`."""
    with (FLIGHTS / "flights-reference.csv").open() as file:
        held_out = [row for row in csv.DictReader(file) if row["fold"] == "holdout"][:limit]
    rows = [
        {name: _value(text) for name, text in row.items() if name not in _NOT_FEATURES} for row in held_out
    ]
    return rows, [row["arrival"] for row in held_out]


def flights():
    return labelled_flights()[0]


def _value(text):
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text or None
