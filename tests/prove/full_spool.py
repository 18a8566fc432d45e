"""The spool has no room: predictions go on, and what was dropped is counted to the row, also after the room is back."""

import time
from dataclasses import asdict

from lifecycle.prediction_log.drop_counts import drop_document
from tests.prove.machine import Clients, Machine, register
from tests.prove.small_model import ROWS, write_model
from tests.prove.stored import fit, records_of, stored_ids

BUDGET = "200 KiB"
UNCOUNTING = "tests.prove.uncounting_wsgi:app"


def full_spool(folder, seconds, seed):
    """A third of the time without an agent, so that the budget is used up; then with one, so that it is free again."""
    return {
        "figure": _run(folder / "real", seconds, seed),
        "negative_control": _run(folder / "twin", min(seconds, 12), seed, application=UNCOUNTING),
    }


def passed(result):
    """What is missing is exactly what was counted as dropped, and something was; no answer suffered from it."""
    figure, twin = result["figure"], result["negative_control"]
    counted = figure["lost"] == figure["dropped_rows"] > 0 and set(figure["dropped"]) == {"budget"}
    unaffected = figure["refused"] == figure["doubtful"] == figure["twice"] == figure["surplus"] == 0
    return (
        counted
        and unaffected
        and figure["stored_after_the_agent_came"] > 0
        and twin["lost"] != twin["dropped_rows"]
    )


def _run(folder, seconds, seed, **more):
    store = {"PICKLEFLEET_STORE": str(folder / "store"), "PICKLEFLEET_KEYS_DIR": str(folder / "keys")}
    machine = Machine(folder, store | {"PICKLEFLEET_SPOOL_BUDGET_BYTES": BUDGET}, **more)
    register(machine, write_model(folder))
    machine.run("agent", "--once")
    try:
        machine.start_web()
        with Clients(machine.port, ROWS, seed=seed) as clients:
            time.sleep(seconds / 3)
            without_agent = len(clients.acknowledged)
            machine.start_agent()
            time.sleep(seconds * 2 / 3)
    finally:
        machine.stop()
    machine.run("agent", "--once")
    stored, dropped = stored_ids(machine.environment), dropped_rows(machine.environment)
    return asdict(fit(clients.acknowledged, stored)) | {
        "dropped": dropped, "dropped_rows": sum(dropped.values()),
        "stored_after_the_agent_came": len(set(clients.acknowledged[without_agent:]) & set(stored)),
        "refused": len(clients.refused), "doubtful": clients.doubtful,
    }  # fmt: skip


def dropped_rows(environment):
    """By reason, from the newest document of each writer."""
    records, newest = records_of(environment), {}
    for key in sorted(records.list("kind=drops")):
        document = drop_document(records.get(key))
        if document.number >= newest.get(document.origin, document).number:
            newest[document.origin] = document
    total = {}
    for document in newest.values():
        for drop in document.drops:
            total[drop.reason] = total.get(drop.reason, 0) + drop.rows
    return total
