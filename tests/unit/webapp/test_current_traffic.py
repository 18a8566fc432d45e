"""What a process answers with: loaded and proven before it is current, shared between policies, all or nothing."""

import gc
import pickle
import weakref
from dataclasses import replace

import pytest

from lifecycle.errors import BundleError, PicklefleetError, UntrustedBundleError, WrongRuntimeError
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.policy import PolicyError, TrafficPolicy, with_shadow, with_share
from lifecycle.signing import TrustSet
from tests import builders
from tests.cached_bundles import bring, with_other_answers
from webapp.current_traffic import CurrentTraffic

BUILT = builders.classifier()


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


@pytest.fixture
def current(machine, trust):
    return CurrentTraffic(machine, trust, max_rows=50)


@pytest.fixture
def ref(machine, keys):
    return lambda version, built=BUILT, **more: bring(machine, keys, built, version, **more)


def serving(policy):
    return Serving.of("flights", policy)


def test_before_a_switch_nothing_is_answered(current):
    assert current() is None
    assert current.load() is False


def test_every_version_of_the_policy_is_loaded_and_answers(current, ref):
    policy = with_shadow(with_share(TrafficPolicy(3, ref("v1")), ref("v2"), 0.5), ref("v3"))

    traffic = current.switch(serving(policy))

    assert current() is traffic
    assert {served.model.version for served in traffic.by_digest.values()} == {"v1", "v2", "v3"}
    assert {traffic.answering(str(unit))[0].model.version for unit in range(100)} == {"v1", "v2"}
    assert [shadow.model.version for shadow in traffic.shadows] == ["v3"]


def test_a_prepared_policy_is_not_answered_with_yet(current, ref):
    current.switch(serving(TrafficPolicy(1, ref("v1"))))
    current.prepare(serving(TrafficPolicy(2, ref("v2"))))

    assert current().champion.model.version == "v1"


def test_a_model_that_two_policies_name_is_loaded_once(current, ref):
    first, second = ref("v1"), ref("v2")
    held = current.switch(serving(TrafficPolicy(1, first))).champion

    assert current.switch(serving(with_share(TrafficPolicy(1, first), second, 0.5))).champion is held


def test_what_no_policy_names_any_more_is_let_go(current, ref):
    gone = weakref.ref(current.switch(serving(TrafficPolicy(1, ref("v1")))).champion.model.estimator)
    current.switch(serving(TrafficPolicy(2, ref("v2"))))
    gc.collect()

    assert gone() is None


def test_what_the_parent_loaded_is_shared_and_proven_again(machine, trust, ref, monkeypatch):
    current = CurrentTraffic(
        machine, trust, 50, planner=None
    )  # the estimator answers, so that it can be watched
    policy = TrafficPolicy(1, ref("v1"))
    machine.serve(serving(policy))
    assert current.load()
    current.forked()
    asked = []
    monkeypatch.setattr(
        type(BUILT.model.estimator), "predict_proba", _spying(type(BUILT.model.estimator), asked)
    )

    current.switch(serving(policy))

    assert current.inherited == (policy.champion.digest,)
    assert asked, "the golden rows are asked in this process too"


def _spying(kind, asked):
    real = kind.predict_proba

    def spy(estimator, frame):
        asked.append(len(frame))
        return real(estimator, frame)

    return spy


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        ({"runtime": "sklearn-1.5"}, WrongRuntimeError, "RUNTIME=sklearn-1.5"),
        ({"golden": with_other_answers(BUILT)}, BundleError, "golden rows"),
        ({"built": builders.regressor()}, PolicyError, "another contract"),
    ],
    ids=["runtime", "golden rows", "contract"],
)
def test_one_bad_version_keeps_the_policy_before(current, ref, change, error, reason):
    good = current.switch(serving(TrafficPolicy(1, ref("v1"))))
    policy = with_share(TrafficPolicy(1, good.policy.champion), ref("v2", **change), 0.5)

    with pytest.raises(error, match=reason):
        current.prepare(serving(policy))
    with pytest.raises(error):
        current.switch(serving(policy))

    assert current() is good


def test_a_bundle_that_nobody_trusted_signed_is_not_loaded(machine, ref):
    with pytest.raises(UntrustedBundleError):
        CurrentTraffic(machine, TrustSet({}), 50).switch(serving(TrafficPolicy(1, ref("v1"))))


class Fails:
    """A model that breaks in a way of its own while it is loaded."""

    def __init__(self):
        self.ok = True

    def __setstate__(self, state):
        raise ZeroDivisionError


def test_whatever_a_model_raises_while_it_loads_is_a_reason_not_a_crash(current, ref):
    built = replace(BUILT, model=replace(BUILT.model, estimator=Fails()))
    assert pickle.dumps(built.model.estimator)

    with pytest.raises(PicklefleetError):
        current.prepare(serving(TrafficPolicy(1, ref("v1", built, golden=BUILT.golden))))


def test_the_parent_goes_on_when_it_can_not_load(machine, current, ref):
    machine.serve(serving(TrafficPolicy(1, ref("v1", golden=with_other_answers(BUILT)))))

    assert current.load() is False
    assert current.inherited == ()
