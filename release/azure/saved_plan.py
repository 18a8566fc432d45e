"""What a saved plan of terraform/traffic may do: one update in place, of the one rule's pool, to the pool meant. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

ADDRESS = "azurerm_lb_rule.service"
_POOL = "backend_address_pool_ids"


def objections(plan: Mapping[str, Any], pool_id: str) -> Iterator[str]:
    """Whole sentences; nothing where the plan (`terraform show -json`) may be applied, or changes nothing."""
    if plan.get("errored") or "resource_changes" not in plan:
        yield "The plan is not whole."
        return
    changes = [change for change in plan["resource_changes"] if change["change"]["actions"] != ["no-op"]]
    for change in changes:
        if change["address"] != ADDRESS:
            yield f"It touches {change['address']}."
        elif change["change"]["actions"] != ["update"]:
            yield f"It would {' and '.join(change['change']['actions'])} the rule instead of updating it in place."
        else:
            yield from _of_the_rule(change["change"], pool_id)
    for name, change in plan.get("output_changes", {}).items():
        if name != "pool" and change["actions"] != ["no-op"]:
            yield f"It changes the output {name}."
    if plan.get("deferred_changes") or plan.get("action_invocations"):
        yield "It leaves something for later."


def changes_nothing(plan: Mapping[str, Any]) -> bool:
    return all(change["change"]["actions"] == ["no-op"] for change in plan.get("resource_changes", ()))


def _of_the_rule(change: Mapping[str, Any], pool_id: str) -> Iterator[str]:
    before, after, unknown = change["before"], change["after"], change.get("after_unknown", {})
    for name in sorted((before.keys() | after.keys() | unknown.keys()) - {_POOL}):
        if before.get(name) != after.get(name) or _any(unknown.get(name)):
            yield f"It would change the rule's {name}."
    if after.get(_POOL) != [pool_id] or _any(unknown.get(_POOL)):
        yield f"It would point the rule at {after.get(_POOL)}, not at {pool_id}."


def _any(unknown: Any) -> bool:
    """Whether anything inside is known only after an apply."""
    if isinstance(unknown, dict):
        return any(map(_any, unknown.values()))
    return any(map(_any, unknown)) if isinstance(unknown, list) else bool(unknown)
