"""Names of bins: readable, and never the value of a few."""

from dataclasses import replace

import numpy as np
import pytest

from drift_jobs.bin_labels import bin_labels
from drift_jobs.judging import judge_version
from drift_jobs.reading import Watched
from lifecycle.profile.bins import category_bins, number_bins
from lifecycle.profile.profile import Column, count_values
from tests.nights import NIGHT, SIGNATURE, World


def column(values, reading="number"):
    if reading == "category":
        counted = {value: values.count(value) for value in values}
        bins = category_bins(counted)
    else:
        bins = number_bins(np.asarray(values, dtype=float))
    return Column("x", reading, bins, count_values(bins, reading, values))


def test_numbers_are_named_by_the_edges_between_their_bins():
    edges = bin_labels(column(list(range(1000))))["edges"]

    assert len(edges) == 9
    assert edges == sorted(edges)
    assert edges[4] == pytest.approx(500, abs=2)


def test_an_edge_that_rests_on_few_rows_has_no_name():
    edges = bin_labels(column([1.0] * 500 + [2.0] * 9 + [3.0] * 500))["edges"]

    assert edges
    assert None in edges


def test_a_category_of_nine_rows_has_no_name():
    named = bin_labels(column(["EWR"] * 50 + ["JFK"] * 10 + ["secret"] * 9, "category"))

    assert named == {"names": ["EWR", "JFK", None]}


def test_moments_have_no_names():
    moment = column(list(range(1000)))

    assert bin_labels(Column("x", "moment", moment.bins, moment.reference)) == {}


def test_bins_of_private_columns_are_never_named(place, served, profile):
    served.serve(World())
    hidden = tuple(replace(one, privacy="hash") if one.name == "origin" else one for one in SIGNATURE.inputs)
    watched = Watched("v1", "d", replace(SIGNATURE, inputs=hidden), profile, "roc_auc")
    bins = judge_version(place.log, watched, NIGHT).to_document()["bins"]

    assert bins["delay"].keys() == {"reference", "current", "edges"}
    assert bins["origin"].keys() == {"reference", "current"}


def test_there_is_one_edge_less_than_bins_of_numbers(profile):
    delay = profile.features["delay"]

    assert len(bin_labels(delay)["edges"]) == len(delay.bins.coarse(delay.reference.bins)) - 1
