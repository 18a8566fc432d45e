"""Who tests the tests: a module whose value is spoilt must fail its own tests."""

import pytest

from tests.infra.terraform.mutations import MUTATIONS

CAUGHT = 0.95


@pytest.mark.timeout(1200)
def test_the_modules_own_tests_notice_a_spoilt_value(tree):
    assert len(MUTATIONS) >= 40

    missed = [mutation for mutation in MUTATIONS if not _noticed(tree, mutation)]

    assert len(missed) <= (1 - CAUGHT) * len(MUTATIONS), f"not noticed: {missed}"


def _noticed(tree, mutation):
    file = tree.root / mutation.place / mutation.file
    good = file.read_text()
    assert good.count(mutation.good) >= 1, f"{mutation} does not fit the file any more"
    file.write_text(good.replace(mutation.good, mutation.bad))
    try:
        return tree.run(mutation.place, "test", ok=False).returncode != 0
    finally:
        file.write_text(good)
