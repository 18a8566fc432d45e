from hypothesis import given
from hypothesis import strategies as st

from lifecycle.measurements.cell import Cell, row_class, together
from lifecycle.measurements.document import Measurements, by_hour, from_bytes, merged

counts = st.integers(0, 1000)
cells = st.builds(
    Cell,
    version=st.sampled_from(["v1", "v2"]),
    arm=st.sampled_from(["champion", "challenger"]),
    source=st.sampled_from(["live", "shadow"]),
    ok=counts,
    refused=counts,
    failed=counts,
    timeout=counts,
    rows=counts,
    latency=st.dictionaries(
        st.sampled_from(["one", "some", "many"]), st.dictionaries(st.integers(0, 61), counts, max_size=3)
    ),
    scores=st.dictionaries(st.sampled_from(["a/y0", "a/y1"]), st.lists(counts, min_size=3, max_size=3)),
    compared=counts,
    disagreed=counts,
)
minutes = st.dictionaries(st.integers(0, 200), st.lists(cells, max_size=3), max_size=3)


def plain(found):
    return {
        minute: sorted((repr(cell) for cell in map(ordered, cells)), key=str)
        for minute, cells in found.items()
    }


def ordered(cell):
    latency = {rows: dict(sorted(buckets.items())) for rows, buckets in sorted(cell.latency.items())}
    return Cell(
        **{name: getattr(cell, name) for name in ("version", "arm", "source", "ok", "refused", "failed")},
        timeout=cell.timeout,
        rows=cell.rows,
        latency=latency,
        scores=dict(sorted(cell.scores.items())),
        compared=cell.compared,
        disagreed=cell.disagreed,
    )


@given(st.lists(minutes, max_size=4))
def test_the_order_of_parts_does_not_matter(parts):
    assert plain(merged(parts)) == plain(merged(reversed(parts)))


@given(minutes, minutes, minutes)
def test_parts_may_be_merged_in_parts(first, second, third):
    assert plain(merged([merged([first, second]), third])) == plain(merged([first, second, third]))


@given(st.lists(minutes, max_size=3))
def test_merging_changes_no_part(parts):
    before = repr(parts)
    merged(parts)

    assert repr(parts) == before


@given(minutes)
def test_what_is_written_is_read_again(found):
    document = Measurements(minutes=merged([found]), written_ms=5)

    assert from_bytes(document.to_bytes(), "here") == document


@given(minutes)
def test_the_hours_hold_every_minute_once(found):
    assert merged(by_hour(found).values()) == merged([found])


def test_populations_stay_apart():
    found = together(
        [
            Cell(version="v1", ok=1),
            Cell(version="v2", ok=2),
            Cell(version="v1", ok=3),
            Cell(version="v1", source="shadow", ok=9),
        ]
    )

    assert [(cell.version, cell.source, cell.ok) for cell in found] == [
        ("v1", "live", 4),
        ("v2", "live", 2),
        ("v1", "shadow", 9),
    ]


def test_a_refusal_is_the_callers_own_fault():
    cell = Cell()
    for ending in ("ok", "refused", "failed", "timeout"):
        cell.count(ending, 1, 0.01)

    assert (cell.answered, cell.broken) == (3, 2)


def test_only_good_answers_have_a_latency():
    """A fast failure would make the rest look slow, and a timeout is counted as a failure already."""
    cell = Cell()
    for ending in ("ok", "failed", "timeout"):
        cell.count(ending, 1, 0.01)

    assert sum(cell.latency["one"].values()) == 1


def test_requests_are_classed_by_their_rows():
    assert [row_class(rows) for rows in (1, 2, 100, 101)] == ["one", "some", "some", "many"]
