"""The policy in the store: one truth, signed for its place, decided anew when another writer was first."""

import threading
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from lifecycle import clock, journal, policy_journal
from lifecycle.errors import NotFoundError, StoreError, StoreUnavailableError, UntrustedBundleError
from lifecycle.policy import PolicyError, VersionRef, promoted, with_shadow, with_share
from lifecycle.policy_journal import PolicyJournal, policy_from_document
from lifecycle.registry import Registry
from lifecycle.signing import TrustSet
from tests.old_store import crown_the_old_way
from tests.simulated_store import Killed, SimulatedArea


@pytest.fixture
def policies(registry, trust):
    return PolicyJournal(registry, trust)


@pytest.fixture
def ref(add, registry, keys, trust):
    """An admitted version with that content."""

    def make(content=b"one"):
        entry = add(content)
        registry.admit(entry, keys["admission"], trust)
        return VersionRef(entry.version, entry.digest)

    return make


@pytest.fixture
def promote(policies, keys):
    def write(champion, reason="better"):
        return policies.promote(keys["admission"], champion, by="tester", reason=reason)

    return write


@pytest.fixture
def crown_before(registry, add, keys, trust):
    """As releases before the policy did."""

    def write(content):
        entry = add(content)
        registry.admit(entry, keys["admission"], trust)
        crown_the_old_way(registry, keys["admission"], entry)
        return VersionRef(entry.version, entry.digest)

    return write


def test_without_an_entry_there_is_no_policy(policies):
    assert policies.newest() is None
    assert policies.as_of(clock.now()) is None
    assert list(policies.history()) == []


def test_a_promotion_is_one_entry_by_whom_and_why(policies, promote, ref, registry):
    champion = ref()
    promote(champion)

    policy = policies.newest()

    assert (policy.number, policy.champion, policy.by, policy.reason) == (1, champion, "tester", "better")
    assert registry.control.list("policy") == ["policy/000001.json"]
    assert registry.control.list("aliases") == []


def test_what_is_newer_than_the_known_entry_is_told(policies, promote, ref):
    promote(ref())
    assert policies.newest(known=1) is None

    promote(ref(b"two"))
    assert policies.newest(known=1).number == 2


def test_a_change_that_changes_nothing_writes_nothing(policies, promote, ref):
    champion = ref()
    first = promote(champion)

    assert promote(champion) == first
    assert policies.newest().number == 1


def test_stores_written_before_tell_their_champions(policies, crown_before):
    first, second = crown_before(b"one"), crown_before(b"two")

    assert policies.newest() == replace(policies.newest(), number=0, champion=second)
    assert [(policy.number, policy.champion) for policy in policies.history()] == [(-1, first), (0, second)]
    assert policies.entry(-1).champion == first


def test_the_first_policy_follows_what_the_aliases_said_last(policies, crown_before, promote, ref):
    crown_before(b"one")
    promote(ref(b"two"))
    crown_before(b"three")  # by a release that does not know better

    assert policies.newest().champion.version == "v2"
    assert policies.newest().number == 1


def test_as_of_goes_back_beyond_the_first_policy(monkeypatch, policies, crown_before, promote, ref):
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for day, act in enumerate([lambda: crown_before(b"one"), lambda: promote(ref(b"two"))]):
        monkeypatch.setattr(clock, "now", lambda day=day: start + timedelta(days=day))
        act()

    assert policies.as_of(start - timedelta(seconds=1)) is None
    assert policies.as_of(start + timedelta(hours=5)).champion.version == "v1"
    assert policies.as_of(start + timedelta(days=1, hours=5)).champion.version == "v2"


def test_a_rollback_is_one_entry_and_another_goes_further_back(policies, promote, ref, keys):
    champions = [ref(content) for content in (b"one", b"two", b"three")]
    for champion in champions:
        promote(champion)

    back = policies.roll_back(keys["admission"], by="tester", reason="worse")
    further = policies.roll_back(keys["admission"], by="tester", reason="worse still")

    assert (back.number, back.champion, back.restores) == (4, champions[1], 2)
    assert (further.number, further.champion, further.restores) == (5, champions[0], 1)
    with pytest.raises(PolicyError, match="no earlier policy"):
        policies.roll_back(keys["admission"], by="tester", reason="")


def test_a_rollback_leads_to_the_champion_of_an_old_store(policies, crown_before, promote, ref, keys):
    old = crown_before(b"one")
    promote(ref(b"two"))

    assert policies.roll_back(keys["admission"], by="tester", reason="").champion == old


def test_a_version_that_was_not_approved_gets_no_traffic(policies, promote, add):
    entry = add()

    with pytest.raises(UntrustedBundleError, match="not been approved"):
        promote(VersionRef(entry.version, entry.digest))


@pytest.mark.parametrize("change", [with_shadow, lambda policy, other: with_share(policy, other, 0.1)])
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"runtime": "sklearn-1.5"}, "runs in sklearn-1.5"),
        ({"feature": "other"}, "does not take 'x0'. it wants 'other'"),
    ],
)
def test_versions_side_by_side_have_one_contract_and_runtime(
    policies, promote, ref, keys, registry, trust, make_bundle, change, made, reason
):
    promote(ref())
    folder, manifest = make_bundle(b"two")
    if "runtime" in made:
        manifest = replace(manifest, runtime=made["runtime"])
    else:
        feature = replace(manifest.signature.inputs[0], name=made["feature"])
        manifest = replace(manifest, signature=replace(manifest.signature, inputs=(feature,)))
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    entry = registry.add(folder, manifest, keys["registration"], by="tester")
    registry.admit(entry, keys["admission"], trust)
    other = VersionRef(entry.version, entry.digest)

    with pytest.raises(PolicyError, match=reason):
        policies.change(keys["admission"], lambda now: change(now, other), by="tester", reason="")
    assert policies.newest().number == 1


@pytest.mark.parametrize(
    "change",
    [{"signature": None}, {"by": "mallory"}, {"champion": VersionRef("v9", "9" * 64)}],
    ids=["unsigned", "other author", "other champion"],
)
def test_an_entry_that_was_touched_is_not_believed(policies, promote, ref, registry, change):
    entry = promote(ref())
    journal.append(registry.control, "policy", asdict(replace(entry, number=2, **change)))

    with pytest.raises(UntrustedBundleError, match="Entry 2"):
        policies.newest()


def test_an_old_entry_put_in_again_as_the_newest_is_not_believed(policies, promote, ref, registry):
    promote(ref())
    journal.append(registry.control, "policy", journal.read(registry.control, "policy", 1))

    with pytest.raises(UntrustedBundleError, match="not signed for its place"):
        policies.newest()


def test_an_unknown_key_is_not_believed(registry, promote, ref):
    promote(ref())

    with pytest.raises(UntrustedBundleError):
        PolicyJournal(registry, TrustSet({})).newest()


def test_documents_of_another_shape_are_refused(policies, promote, ref):
    good = asdict(promote(ref()))

    for change in ({"format": 2}, {"champion": 3}, {"shadows": [good["champion"]]}):
        with pytest.raises(StoreError):
            policy_from_document({**good, **change})
    assert policy_from_document({**good, "more": 1}) == policies.newest()


def test_two_writers_at_once_both_succeed_one_after_the_other(policies, promote, ref, keys):
    """Each decides on what the other wrote: no change is lost, and every entry is one of those planned."""
    promote(ref())
    others = [ref(str(number).encode()) for number in range(6)]
    start = threading.Barrier(2)

    def write(mine):
        start.wait()
        for other in mine:
            policies.change(
                keys["admission"], lambda now, other=other: with_share(now, other, 0.1), by="w", reason=""
            )

    threads = [threading.Thread(target=write, args=(part,)) for part in (others[:3], others[3:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {arm.ref for arm in policies.newest().arms} == set(others)
    assert [len(policy.arms) for policy in policies.history()] == list(range(7))


def test_who_is_never_first_is_told_to_try_again(policies, promote, ref, keys):
    champions = iter([ref(str(number).encode()) for number in range(policy_journal.MAX_ATTEMPTS + 1)])
    mine = ref(b"mine")

    def decide(now):
        promote(next(champions))
        return promoted(now, mine)

    with pytest.raises(StoreUnavailableError, match="faster"):
        policies.change(keys["admission"], decide, by="tester", reason="")


@pytest.mark.parametrize("step", range(4))
def test_a_writer_killed_at_any_step_leaves_a_planned_state(registry, trust, keys, ref, step):
    """Before each of its writes: the policy is then what it was, and the next writer goes on from there."""
    versions = [ref(b"one"), ref(b"two")]
    area = SimulatedArea(clock.now)
    for key in registry.control.list("admissions"):
        area.create(key, registry.control.get(key))
    policies = PolicyJournal(Registry(registry.objects, area), trust)
    planned = {None, *versions}
    writes = 0

    def die():
        nonlocal writes
        writes += 1
        if writes == step:
            raise Killed

    area.before = die
    for champion in (versions * 2)[:3]:
        try:
            policies.promote(keys["admission"], champion, by="tester", reason="")
        except Killed:
            assert (None if policies.newest() is None else policies.newest().champion) in planned
    newest = policies.newest()

    assert newest.champion in planned
    assert [policy.number for policy in policies.history()] == list(range(1, newest.number + 1))


def test_an_entry_that_is_not_there_is_not_found(policies, promote, ref):
    promote(ref())

    with pytest.raises(NotFoundError):
        policies.entry(2)
