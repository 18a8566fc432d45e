"""Champions of stores from before the policy: told in order, and believed only when their entry was signed."""

from dataclasses import asdict, replace

import pytest

from lifecycle import journal
from lifecycle.errors import UntrustedBundleError
from lifecycle.old_aliases import champions, check_alias
from tests.old_store import crown_the_old_way


@pytest.fixture
def first(add, registry, keys):
    crown_the_old_way(registry, keys["admission"], add())
    return champions(registry.control)[0]


def test_champions_are_told_oldest_first(first, add, registry, keys, trust):
    crown_the_old_way(registry, keys["admission"], add(b"two"))

    found = champions(registry.control)

    assert [entry.version for entry in found] == ["v1", "v2"]
    for entry in found:
        check_alias(entry, trust)


def test_other_aliases_mean_nothing_here(first, registry):
    journal.append(registry.control, "aliases", {"format": 1, **asdict(replace(first, alias="candidate"))})

    assert champions(registry.control) == [first]


@pytest.mark.parametrize(
    ("change", "problem"), [({"version": "v9"}, "does not match"), ({"signature": None}, "not signed")]
)
def test_an_entry_that_nobody_trusted_signed_is_refused(first, trust, change, problem):
    with pytest.raises(UntrustedBundleError, match=problem):
        check_alias(replace(first, **change), trust)


def test_a_store_that_never_had_any_has_no_champions(registry):
    assert champions(registry.control) == []
