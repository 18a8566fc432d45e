"""The whole line on real parts: a request in, a challenger out, or the reason for none."""

from lifecycle.model_card import card_text, find_card
from retrain.working import Wish, work_on
from tests.retrain_world import drift_request


def run(world, request=None, **wish):
    place = world.place()
    place.queue.add(request or drift_request())
    return place, work_on(place, None, Wish(**wish))


def test_a_request_becomes_a_registered_challenger_with_a_card(world):
    place, report = run(world)

    assert report.outcome.result == "blessed", report.outcome
    entry = place.registry.version("v2")
    card = find_card(place.registry, entry.digest, place.trust)
    assert (card.version, card.champion_version, card.blessed) == ("v2", "v1", True)
    assert not place.registry.is_admitted(entry.digest)
    assert "**Blessed** beside v1" in card_text(place.registry, entry.digest)
    assert place.queue.open() == []
