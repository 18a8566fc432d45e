import copy

import pytest

from release.azure.saved_plan import changes_nothing, objections

BLUE, BOTH = "/lb/backendAddressPools/blue", "/lb/backendAddressPools/both"
RULE = {"name": "service", "frontend_port": 443, "backend_address_pool_ids": [BLUE], "timeouts": None}


def plan(*changes):
    return {"resource_changes": list(changes), "output_changes": {"pool": {"actions": ["update"]}}}


def change(actions=("update",), address="azurerm_lb_rule.service", after=None, unknown=None):
    return {
        "address": address,
        "change": {
            "actions": list(actions), "before": copy.deepcopy(RULE),
            "after": RULE | {"backend_address_pool_ids": [BOTH]} | (after or {}), "after_unknown": unknown or {},
        },
    }  # fmt: skip


def test_one_update_of_the_pool_may_be_applied():
    assert list(objections(plan(change()), BOTH)) == []
    assert not changes_nothing(plan(change()))


def test_a_plan_that_changes_nothing_is_fine():
    nothing = plan(change(actions=("no-op",)))

    assert list(objections(nothing, BOTH)) == []
    assert changes_nothing(nothing)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (plan(change(actions=("delete", "create"))), "delete and create"),
        (plan(change(actions=("create",))), "create"),
        (plan(change(), change(address="azurerm_lb_probe.ready")), "azurerm_lb_probe.ready"),
        (plan(change(after={"frontend_port": 80})), "frontend_port"),
        (plan(change(after={"backend_address_pool_ids": [BLUE, BOTH]})), "point the rule"),
        (
            plan(change(after={"backend_address_pool_ids": ["/lb/backendAddressPools/green"]})),
            "point the rule",
        ),
        (plan(change(unknown={"backend_address_pool_ids": [True]})), "point the rule"),
        (plan(change(unknown={"name": True})), "name"),
        (plan(change(after={"new": 1})), "new"),
        (plan(change()) | {"output_changes": {"other": {"actions": ["create"]}}}, "output other"),
        ({"resource_changes": [], "errored": True}, "not whole"),
        ({}, "not whole"),
    ],
)
def test_whatever_else_it_would_do_is_refused_and_named(wrong, told):
    assert told in " ".join(objections(wrong, BOTH))
