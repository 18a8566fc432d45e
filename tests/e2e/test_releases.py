"""Bad releases and good ones under load at CI's count; `make prove NAME=releases` has the full count."""

import json

import pytest

from tests.prove import releases

RELEASES = 5
SEED = 20130101


@pytest.mark.timeout(2400)
def test_bad_releases_come_back_by_themselves_and_good_ones_go_through(tmp_path):
    result = releases.releases(tmp_path, RELEASES, SEED)

    assert releases.passed(result), json.dumps(result, indent=1)
