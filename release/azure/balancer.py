"""The balancer's one rule, as ARM tells it; and moved by ARM itself, where Terraform can't be waited for."""

import copy
from dataclasses import dataclass
from typing import Any

from lifecycle.releases.release import ReleaseError
from release.azure.arm import Answer, Arm, ChangedMeanwhileError
from release.azure.facts import FleetFacts, Pool

NETWORK = "2024-05-01"
MOVES_WITHIN_S = 120.0
MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Balancer:
    arm: Arm
    facts: FleetFacts

    def pool(self) -> Pool | None:
        """Whom the rule points at; None where there is no rule yet, or a pool that is none of this fleet's."""
        rule = self._rule(self._read().document)
        return None if rule is None else self.facts.pool_of(_pool_id(rule))

    def move(self, pool: Pool) -> None:
        """A rule has no PUT of its own, so the whole balancer is put, if nobody changed it meanwhile.

        Raises ReleaseError, and ArmError.
        """
        for _ in range(MAX_ATTEMPTS):
            now = self._read()
            if self.facts.pool_of(_pool_id(self._rule(now.document) or {})) == pool:
                return
            try:
                self._put(now, pool)
            except ChangedMeanwhileError:
                continue
            return
        raise ChangedMeanwhileError("Others change the balancer faster than this can.", fix="Try again.")

    def _put(self, now: Answer, pool: Pool) -> None:
        after = copy.deepcopy(now.document)
        rule = self._rule(after)
        if rule is None:
            raise ReleaseError(
                f"The balancer has no rule {self.facts.rule!r}.",
                fix="Make it once: terraform apply in terraform/traffic (terraform/README.md).",
            )
        reference = {"id": self.facts.pool_ids[pool]}
        rule["properties"] |= {"backendAddressPool": reference, "backendAddressPools": [reference]}
        put = self.arm.change("PUT", self.facts.loadbalancer_id, NETWORK, after, etag=now.etag)
        self.arm.finished(put, MOVES_WITHIN_S)

    def _read(self) -> Answer:
        return self.arm.get(self.facts.loadbalancer_id, NETWORK)

    def _rule(self, balancer: dict[str, Any]) -> dict[str, Any] | None:
        rules = balancer.get("properties", {}).get("loadBalancingRules", ())
        return next((rule for rule in rules if rule.get("name") == self.facts.rule), None)


def _pool_id(rule: dict[str, Any]) -> str:
    """A rule of one pool names it in either field, or in both."""
    properties = rule.get("properties", {})
    several = properties.get("backendAddressPools") or [properties.get("backendAddressPool") or {}]
    return str(several[0].get("id", "")) if len(several) == 1 else ""
