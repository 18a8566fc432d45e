"""Rows of a real log, and why some of them are left out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retrain.gathering import gather, refuse_private
from retrain.stopped import TrainingStoppedError
from tests.record_builders import recorder
from tests.retrain_world import A_DAY, AS_OF, DAYS, START, World


def gathered(world, *, as_of=AS_OF, key_share=0.5, versions=("v1",)):
    place = world.place()
    return gather(place.log, world.champion().signature, versions, as_of, key_share)


def test_labelled_rows_of_mature_days_come_by_time(served):
    found = gathered(World(served))

    assert len(found.rows) == DAYS * A_DAY == found.left_out.seen
    assert found.rows.at_ms == sorted(found.rows.at_ms)
    assert set(found.rows.truths[0]) == {"late", "on time"}
    assert None in found.rows.columns["delay"]
    assert all(isinstance(value, int) for value in found.rows.columns["seats"])


def test_a_label_that_came_after_the_moment_is_not_known_yet(served):
    """Ten days are over; of the last of them the labels came twenty hours later."""
    found = gathered(World(served), as_of=START + timedelta(days=11, hours=1))

    assert found.left_out.mature_days == 10
    assert found.left_out.immature == A_DAY
    assert len(found.rows) == 10 * A_DAY


def test_only_rows_of_the_last_ninety_days_count(served):
    with pytest.raises(TrainingStoppedError, match="no rows of v1 in the 90 days"):
        gathered(World(served), as_of=START + timedelta(days=150))


def test_rows_of_other_versions_are_counted_and_left_out(served):
    with pytest.raises(TrainingStoppedError, match="no rows of v7"):
        gathered(World(served), versions=("v7",))


def test_conflicts_unlabelled_rows_and_their_share_are_told(fresh):
    model, writing = fresh.champion(), recorder(fresh.folder / "spool")
    for day in range(3):
        told = [lambda labels: labels, lambda labels: ["late"] * 20]
        for one, after in zip(told, (20, 21), strict=True):
            fresh.serve_again(writing, model, day, one, timedelta(hours=after))
    fresh.serve(
        writing, model, START + timedelta(days=4), seed=1, told=lambda labels: [*labels[:70], *[None] * 10]
    )
    writing.close()
    fresh.ship()

    left_out = gathered(fresh).left_out

    assert 0 < left_out.conflicts <= 60
    assert left_out.unlabelled == 20
    assert left_out.selection == pytest.approx(20 / (4 * A_DAY))


def test_a_key_that_floods_gives_half_at_most(fresh):
    model, writing = fresh.champion(), recorder(fresh.folder / "spool")
    for owner, rows in (("honest", 100), ("flood", 400)):
        fresh.serve(writing, model, START, seed=1, owner=owner, rows=rows)
    writing.close()
    fresh.ship()

    found = gathered(fresh)

    assert (found.rows.owners.count("honest"), found.rows.owners.count("flood")) == (100, 100)
    assert found.left_out.beyond_key_share == 300
    assert gathered(fresh, key_share=1.0).left_out.beyond_key_share == 0


@pytest.mark.parametrize("privacy", ["hash", "bucket", "drop"])
def test_private_features_can_not_be_learned_from_the_log(served, privacy):
    signature = World(served).champion().signature
    private = replace(
        signature, inputs=(replace(signature.inputs[0], privacy=privacy), *signature.inputs[1:])
    )

    with pytest.raises(TrainingStoppedError, match=rf"{signature.inputs[0].name} \({privacy}\)"):
        refuse_private(private)
    refuse_private(signature)
