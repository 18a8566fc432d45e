"""The whole line on real parts: a request in, a challenger out, or the reason for none."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from lifecycle.bundle import verify_content
from lifecycle.errors import NotFoundError
from lifecycle.model_card import card_text, find_card
from lifecycle.rollout_request import asked_rollouts
from retrain.stopped import TrainingStoppedError, TrainingWaitsError
from retrain.working import Wish, work_on
from tests.record_builders import recorder
from tests.retrain_world import AS_OF, LIMITS, START, drift_request


def run(world, limits=LIMITS, **wish):
    place = world.place(limits)
    place.queue.add(drift_request())
    return place, work_on(place, None, Wish(**wish)).outcome


def test_a_request_becomes_a_registered_challenger_with_a_card(world, tmp_path):
    before = world.bundle_bytes(world.champion().digest)
    place, outcome = run(world)

    assert outcome.result == "blessed", outcome
    entry = place.registry.version("v2")
    card = find_card(place.registry, entry.digest, place.trust)
    assert (card.version, card.champion_version, card.blessed) == ("v2", "v1", True)
    assert 0 <= card.score_distance < 0.2
    assert "**Blessed** beside v1" in card_text(place.registry, entry.digest)

    assert place.queue.open() == []
    assert not place.registry.is_admitted(entry.digest)
    assert asked_rollouts(place.queue.control) == []
    assert not place.folder(drift_request().id).exists()
    assert world.bundle_bytes(world.champion().digest) == before
    challenger = tmp_path / "challenger"
    challenger.mkdir()
    manifest = place.registry.manifest(entry.digest)
    for file in (*(entry.path for entry in manifest.files), "manifest.json"):
        place.registry.objects.get_to_file(f"bundles/{entry.digest}/{file}", challenger / file)
    assert (
        verify_content(challenger, entry.digest).base_set
        == place.registry.manifest(world.champion().digest).base_set
    )


def test_the_same_data_and_seed_give_the_same_digest_somewhere_else(world, served, tmp_path):
    """Two machines, two stores, two folders: one artifact, one bundle."""
    import shutil

    from tests.retrain_world import World

    _, first = run(world)
    elsewhere = World(shutil.copytree(served, tmp_path / "elsewhere"))
    _, second = run(elsewhere)

    digests = [one.place().registry.version("v2").digest for one in (world, elsewhere)]
    assert first == second
    assert digests[0] == digests[1]


def test_where_the_settings_allow_it_a_rollout_of_the_blessed_is_asked_for(world):
    place, outcome = run(world, replace(LIMITS, approval="auto"))

    assert outcome.rollout_asked
    assert [(one.version, one.champion) for one in asked_rollouts(place.queue.control)] == [("v2", "v1")]


def test_a_challenger_that_misses_a_bound_is_registered_and_not_blessed(world):
    place, outcome = run(world, replace(LIMITS, floor=0.99, approval="auto"))

    assert (outcome.result, outcome.version) == ("not-blessed", "v2")
    assert "floor of 0.99" in outcome.sentence
    assert asked_rollouts(place.queue.control) == []


def test_the_steps_may_be_done_one_after_the_other(world):
    place = world.place()
    place.queue.add(drift_request())

    made = [work_on(place, None, Wish(until=step)) for step in ("gather", "check", "fit", "compare")]

    assert [one.outcome for one in made] == [None] * 4
    assert made[0].made["data"]["trusted_rows"] == 780
    assert made[3].made["metric"] == "roc_auc"
    assert place.registry.versions()[-1].version == "v1"
    assert work_on(place, None, Wish()).outcome.version == "v2"


def test_a_dry_run_writes_nothing(world):
    place = world.place()
    place.queue.add(drift_request())
    before = place.queue.control.list()

    report = work_on(place, None, Wish(dry_run=True))

    assert report.made["data"]["compare_rows"] >= 500
    assert place.queue.control.list() == before
    assert not place.root.exists()


def test_within_the_cooldown_nothing_is_fitted_and_the_request_stays_open(world):
    place, _ = run(world)
    later = drift_request(AS_OF.date() + timedelta(days=5))
    place.queue.add(later)
    place = world.place(now=lambda: AS_OF + timedelta(days=6))

    with pytest.raises(TrainingWaitsError, match="cooldown ends on 2013-04-2"):
        work_on(place, None, Wish())
    assert [one.id for one in place.queue.open()] == [later.id]
    assert len(place.registry.versions()) == 2


def test_without_a_request_there_is_nothing_to_do(world):
    report = work_on(world.place(), None, Wish())

    assert (report.request, report.exit_code) == ("", 0)


def test_a_request_that_is_not_open_is_told(world):
    with pytest.raises(NotFoundError, match="No open request"):
        work_on(world.place(), "2013-01-01-v1", Wish())


def test_in_earnest_nobody_chooses_the_time(world):
    place = world.place(replace(LIMITS, replay=False))
    place.queue.add(drift_request())

    with pytest.raises(TrainingStoppedError, match="replays"):
        work_on(place, None, Wish(as_of=AS_OF))


def test_when_the_champion_changes_after_the_plan_the_request_is_answered_with_that(world):
    place = world.place()
    place.queue.add(drift_request())
    plan = {"request": drift_request().id, "champion": "v0", "champion_digest": "0" * 64}
    more = {"as_of": "2013-04-15T00:00:00.000Z", "seed": 0, "recipe_sha256": ""}
    place.queue.record(drift_request().id, "plan", plan | more)

    outcome = work_on(place, None, Wish()).outcome

    assert "planned against v0" in outcome.sentence


def test_rows_that_other_versions_with_the_same_features_answered_are_learned_from_too(fresh):
    writing = recorder(fresh.folder / "spool")
    for day in range(10):
        fresh.serve(writing, fresh.champion(), START + timedelta(days=day), seed=day, version="v9")
    writing.close()
    fresh.ship()

    _, outcome = run(fresh)

    assert outcome.result == "stopped"
    assert "no rows of v1" in outcome.sentence


def test_a_column_that_broke_at_its_source_stops_training(fresh):
    fresh.serve_days(change=lambda frame: frame.assign(delay=np.nan))
    place, outcome = run(fresh)

    assert outcome.result == "stopped"
    assert "delay is missing in 100% of rows" in outcome.sentence
    assert place.queue.fits() == []


def test_flipped_labels_stop_training_before_anything_is_fitted(fresh):
    fresh.serve_days(
        shift=0.0, told=lambda labels: ["late" if one == "on time" else "on time" for one in labels]
    )
    place, outcome = run(fresh)

    assert "Labels or concept: a person decides" in outcome.sentence
    assert place.queue.fits() == []
