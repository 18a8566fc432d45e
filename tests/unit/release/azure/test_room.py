import pytest

from release.azure.room import cpus_of, family_of, obstacles
from release.azure.scale_sets import Fleet


def found(arm, facts, machines):
    return " ".join(obstacles(arm, facts, "green", machines, Fleet(arm, facts).look()["green"]))


def test_a_second_colour_that_fits_has_no_obstacle(arm, fleet_facts):
    assert found(arm, fleet_facts, 3) == ""


def test_quota_and_addresses_are_asked_before_anything_is_begun(server, arm, fleet_facts):
    server.quota, server.addresses = 11, 10
    told = found(arm, fleet_facts, 3)

    assert "The region's quota leaves 5 of 11 CPUs; 3 more machines need 6." in told
    assert "The quota of Standard_D2ads_v5" in told
    assert "2 addresses left" in told


def test_a_scale_set_has_its_limit(arm, fleet_facts):
    assert "one placement group" in found(arm, fleet_facts, 101)


@pytest.mark.parametrize(
    ("sku", "cpus", "family"),
    [
        ("Standard_D2ads_v5", 2, "standarddadsv5family"),
        ("Standard_D16s_v3", 16, "standarddsv3family"),
        ("Standard_E8-4ds_v4", 8, "standardedsv4family"),
        ("Custom", 0, ""),
    ],
)
def test_a_size_tells_its_cpus_and_its_quota(sku, cpus, family):
    assert cpus_of(sku) == cpus
    assert family_of(sku) == family
