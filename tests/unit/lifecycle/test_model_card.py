from dataclasses import replace

import pytest

from lifecycle.errors import UntrustedBundleError
from lifecycle.model_card import ModelCard, card_text, find_card, keep_card


def card(entry, **more):
    given = {
        "champion_digest": "0" * 64,
        "champion_version": "v1",
        "blessed": True,
        "reasons": (),
        "score_distance": 0.1,
        "disagreement": 0.05,
        "lineage": {"seed": 1},
        "data": {},
        "comparison": {},
        "made_at": "2013-08-02T02:00:00.000Z",
    }
    return ModelCard(entry.digest, entry.version, **(given | more))


def test_a_card_comes_back_as_it_was_kept(registry, add, keys, trust):
    entry = add()
    kept = keep_card(registry, card(entry), "# Card", keys["registration"])

    assert find_card(registry, entry.digest, trust) == kept
    assert replace(kept, signature=None) == card(entry)
    assert card_text(registry, entry.digest) == "# Card"


def test_the_card_that_was_kept_first_stands(registry, add, keys):
    entry = add()
    keep_card(registry, card(entry, blessed=False, reasons=("Worse.",)), "", keys["registration"])

    assert not keep_card(registry, card(entry), "", keys["registration"]).blessed


def test_a_version_that_no_retraining_made_has_none(registry, add, trust):
    assert find_card(registry, add().digest, trust) is None
    assert card_text(registry, add().digest) is None


def test_a_card_is_believed_only_with_the_signature_of_the_registration_key(registry, add, keys, trust):
    entry = add()
    keep_card(registry, card(entry), "", keys["admission"])

    with pytest.raises(UntrustedBundleError):
        find_card(registry, entry.digest, trust)
