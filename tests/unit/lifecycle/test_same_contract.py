"""Two versions answer side by side only where a request can't be right for one and wrong for the other."""

from dataclasses import replace

import pytest

from lifecycle.policy import PolicyError, VersionRef
from lifecycle.same_contract import contract_differences, require_same_contract
from tests import builders

SIGNATURE = builders.all_kinds().model.signature


def changed(name, **changes):
    inputs = tuple(
        replace(feature, **changes) if feature.name == name else feature for feature in SIGNATURE.inputs
    )
    return replace(SIGNATURE, inputs=inputs)


@pytest.mark.parametrize(
    "same",
    [
        SIGNATURE,
        replace(SIGNATURE, inputs=SIGNATURE.inputs[::-1]),
        changed("amount", dtype="float32"),
        changed("zone", categories=(1, 2, 3, 4)),
        replace(SIGNATURE, outputs=(replace(SIGNATURE.outputs[0], threshold=0.3),)),
        replace(SIGNATURE, outputs=(replace(SIGNATURE.outputs[0], labels=(1, 0)),)),
    ],
    ids=["itself", "other order", "other dtype", "open category learnt", "threshold", "order of labels"],
)
def test_what_callers_never_see_may_differ(same):
    assert contract_differences(SIGNATURE, same) == ()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (replace(SIGNATURE, inputs=SIGNATURE.inputs[1:]), "does not take 'amount'"),
        (replace(SIGNATURE, inputs=(*SIGNATURE.inputs, builders.number("more"))), "wants 'more'"),
        (changed("amount", kind="integer"), "takes 'amount' otherwise"),
        (changed("amount", nullable=False), "takes 'amount' otherwise"),
        (changed("plan", categories=("basic",)), "takes 'plan' otherwise"),
        (changed("zone", unknown="refuse"), "takes 'zone' otherwise"),
        (replace(SIGNATURE, named=False), "names its columns otherwise"),
        (replace(SIGNATURE, outputs=(replace(SIGNATURE.outputs[0], labels=(0, 1, 2)),)), "answers other"),
        (replace(SIGNATURE, outputs=(replace(SIGNATURE.outputs[0], labels=(False, True)),)), "answers other"),
        (replace(SIGNATURE, outputs=(replace(SIGNATURE.outputs[0], methods=("predict",)),)), "answers other"),
    ],
)
def test_what_callers_see_may_not(other, reason):
    with pytest.raises(PolicyError, match=reason):
        require_same_contract(VersionRef("v1", "1"), SIGNATURE, VersionRef("v2", "2"), other)
