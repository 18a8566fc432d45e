"""The whole line on real parts: a request in, a challenger out, or the reason for none."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from lifecycle.bundle import sha256_of, verify_content
from lifecycle.errors import NotFoundError
from lifecycle.model_card import card_text, find_card
from lifecycle.rollout_request import asked_rollouts
from retrain.registering import _version
from retrain.run import STEPS, Choices, begun
from retrain.stopped import TrainingStoppedError, TrainingWaitsError
from retrain.working import Wish, work_on
from tests.record_builders import recorder
from tests.retrain_world import AS_OF, LIMITS, START, drift_request


def run(world, limits=LIMITS, **wish):
    place = world.place(limits)
    place.queue.add(drift_request())
    return place, work_on(place, None, Wish(**wish)).outcome


def files_of(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_request_becomes_a_registered_challenger_with_a_card(compared, tmp_path):
    before = compared.bundle_bytes(compared.champion().digest)
    place, outcome = run(compared)

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
    assert compared.bundle_bytes(compared.champion().digest) == before
    assert (
        manifest_of(place, entry, tmp_path).base_set == place.registry.manifest(card.champion_digest).base_set
    )


def manifest_of(place, entry, folder):
    """Of the bundle as a machine fetches it, every byte checked."""
    for file in (*(one.path for one in place.registry.manifest(entry.digest).files), "manifest.json"):
        place.registry.objects.get_to_file(f"bundles/{entry.digest}/{file}", folder / file)
    return verify_content(folder, entry.digest)


def test_the_same_data_and_seed_give_the_same_artifact_somewhere_else(compared, world):
    """Another store, another folder, another process: the same bytes."""
    with begun(world.place(), drift_request(), Choices(AS_OF)) as work:
        work.gathered()
        work.fitted()
    artifacts = [
        [sha256_of(path) for path in one.folder.glob("machine/retraining/*/*/challenger/model.pkl")]
        for one in (compared, world)
    ]

    assert artifacts[0] == artifacts[1]
    assert len(artifacts[0]) == 1


def test_what_is_done_is_not_done_again(compared):
    """Nothing is gathered, fitted or compared anew when it goes on after an interruption."""
    place = compared.place()
    before = files_of(place.folder(drift_request().id))

    work_on(place, None, Wish(until="compare"))

    assert files_of(place.folder(drift_request().id)) == before
    assert set(place.queue.steps(drift_request().id)) == {*STEPS[:-1], "plan", "fit-begun"}


def test_where_the_settings_allow_it_a_rollout_of_the_blessed_is_asked_for(compared):
    place, outcome = run(compared, replace(LIMITS, approval="auto"))

    assert outcome.rollout_asked
    assert [(one.version, one.champion) for one in asked_rollouts(place.queue.control)] == [("v2", "v1")]


def test_a_challenger_that_misses_a_bound_is_registered_and_not_blessed(compared):
    place, outcome = run(compared, replace(LIMITS, floor=0.99, approval="auto"))

    assert (outcome.result, outcome.version) == ("not-blessed", "v2")
    assert "floor of 0.99" in outcome.sentence
    assert asked_rollouts(place.queue.control) == []
    card = find_card(place.registry, place.registry.version("v2").digest, place.trust)
    assert card.reasons == outcome.reasons


def test_within_the_cooldown_nothing_is_fitted_and_the_request_stays_open(compared):
    place, _ = run(compared)
    later = drift_request(AS_OF.date() + timedelta(days=5))
    place.queue.add(later)
    place = compared.place(now=lambda: AS_OF + timedelta(days=6))

    with pytest.raises(TrainingWaitsError, match="cooldown ends on 2013-04-2"):
        work_on(place, None, Wish())
    assert [one.id for one in place.queue.open()] == [later.id]
    assert len(place.registry.versions()) == 2


def test_a_kill_between_registering_and_answering_changes_nothing(compared):
    place = compared.place()
    with begun(place, drift_request(), Choices(AS_OF)) as work:
        registered = _version(work)

    outcome = work_on(place, None, Wish()).outcome

    assert outcome.version == registered.version == "v2"
    assert len(place.registry.versions()) == 2
    assert place.queue.answer(drift_request().id).version == "v2"


def test_a_dry_run_writes_nothing(world):
    place = world.place()
    place.queue.add(drift_request())
    before = place.queue.control.list()

    report = work_on(place, None, Wish(dry_run=True))

    assert report.made["data"]["compare_rows"] >= 500
    assert place.queue.control.list() == before
    assert not place.root.exists()


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
