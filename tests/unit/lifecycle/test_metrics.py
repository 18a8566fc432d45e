import math
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import metrics
from lifecycle.metrics import (
    METRICS,
    SECONDS,
    Kind,
    Metrics,
    NullMetrics,
    bucket,
    bucket_name,
    quantile,
    series,
)
from tests.fakes import RecordingMetrics

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"
NAMES = [bucket_name(SECONDS, index) for index in range(len(SECONDS) + 1)]
DURATIONS = st.lists(st.floats(0, 200), min_size=1, max_size=60)


def counts(values: list[float]) -> list[int]:
    found = Counter(bucket("request_seconds", value) for value in values)
    return [found[name] for name in NAMES]


@pytest.fixture(params=[NullMetrics, RecordingMetrics])
def sink(request: pytest.FixtureRequest) -> Metrics:
    made: Metrics = request.param()
    return made


def test_every_sink_takes_every_metric_of_the_list(sink: Metrics) -> None:
    for metric in METRICS:
        tags = {tag.name: (tag.values or ("any thing",))[0] for tag in metric.tags}
        {"counter": sink.increment, "gauge": sink.gauge, "histogram": sink.observe}[metric.kind](
            metric.name, 1, **tags
        )


def test_every_sink_refuses_what_is_not_in_the_list(sink: Metrics) -> None:
    with pytest.raises(ValueError, match="no counter named 'request'"):
        sink.increment("request")
    with pytest.raises(ValueError, match="no gauge named 'rows'"):
        sink.gauge("rows", 1)
    with pytest.raises(ValueError, match="no value of the tag stage"):
        sink.observe("stage_seconds", 1, stage="lunch")


@pytest.mark.parametrize("tags", [{}, {"status": "2xx", "route": "x"}, {"stage": "2xx"}])
def test_tags_must_be_exactly_the_declared_ones(tags: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="needs exactly the tags"):
        series("counter", "requests", **tags)


@given(st.text(max_size=100))
def test_a_free_tag_value_can_not_forge_another_metric(value: str) -> None:
    assert re.fullmatch(r"problems\.[A-Za-z0-9_-]{1,64}", series("counter", "problems", type=value))


@pytest.mark.parametrize(
    ("kind", "name", "tags", "path"),
    [
        ("counter", "rows", {}, "rows"),
        ("counter", "requests", {"status": "5xx"}, "requests.5xx"),
        ("gauge", "model_info", {"version": "v1.2:x|c"}, "model_info.v1_2_x_c"),
    ],
)
def test_a_path_is_the_name_and_the_values(kind: Kind, name: str, tags: dict[str, str], path: str) -> None:
    assert series(kind, name, **tags) == path


def test_bucket_names_sort_like_their_edges() -> None:
    assert sorted(NAMES[:-1]) == NAMES[:-1]
    assert (NAMES[0], NAMES[-1]) == ("to_000000100", "over")
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("value", "index"), [(0.0, 0), (SECONDS[0], 0), (SECONDS[7], 7), (SECONDS[7] * 1.001, 8), (1e3, 61)]
)
def test_an_edge_belongs_to_the_bucket_below_it(value: float, index: int) -> None:
    assert bucket("request_seconds", value) == NAMES[index]


@given(DURATIONS, DURATIONS, st.floats(0, 1))
def test_counts_of_two_processes_added_are_the_counts_of_all(
    one: list[float], other: list[float], q: float
) -> None:
    merged = [left + right for left, right in zip(counts(one), counts(other), strict=True)]

    assert merged == counts(one + other)
    assert quantile(SECONDS, merged, q) == quantile(SECONDS, counts(one + other), q)


@given(DURATIONS, st.floats(0, 1))
def test_a_quantile_is_known_to_within_its_bucket(values: list[float], q: float) -> None:
    true = sorted(values)[max(1, math.ceil(q * len(values))) - 1]
    found = quantile(SECONDS, counts(values), q)

    assert true <= found
    if SECONDS[0] < found < math.inf:
        assert found < true * 1.26


def test_without_observations_there_is_no_quantile() -> None:
    assert math.isnan(quantile(SECONDS, [0] * len(NAMES), 0.99))


@pytest.mark.parametrize(("counted", "q"), [([1], 0.5), ([0] * len(NAMES), 1.1)])
def test_a_question_that_makes_no_sense_is_refused(counted: list[int], q: float) -> None:
    with pytest.raises(ValueError, match="one count more than edges"):
        quantile(SECONDS, counted, q)


def test_histograms_and_only_they_have_growing_edges() -> None:
    for metric in METRICS:
        assert bool(metric.edges) == (metric.kind == "histogram")
        assert list(metric.edges) == sorted(set(metric.edges))


def test_the_documentation_is_the_code_s() -> None:
    assert DOCS.read_text() == metrics.markdown(), "Write lifecycle.metrics.markdown() to docs/metrics.md"
