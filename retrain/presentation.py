"""What commands print: an outcome with its next command, and the state of the queue."""

from collections.abc import Iterator, Mapping
from typing import Any

from retrain.registering import Outcome
from retrain.working import Report


def present_outcome(report: Report) -> Iterator[str]:
    if not report.request:
        yield "Nothing is asked for. Ask: picklefleet retrain request --reason …"
    elif report.outcome is not None:
        yield from _outcome(report.outcome)
    elif report.until == "dry run":
        yield from _data(report.made["data"])
        yield "Nothing was fitted or written. Next: picklefleet retrain run"
    else:
        yield f"{report.request}: done up to {report.until}. Next: picklefleet retrain run {report.request}"


def present_status(status: Mapping[str, Any]) -> Iterator[str]:
    for one in status["requests"]:
        answer = one["answer"]
        state = _progress(one) if answer is None else f"{answer['result']} {answer['version']}".strip()
        yield f"{one['id']:<34}{one['origin']:<10}{state}"
    if not status["requests"]:
        yield "Nothing was asked for yet."
    until = status["cooldown_until"]
    yield f"No fit before {until}." if until else "No model was fitted yet."
    approval = status["approval"]
    yield (
        "A person approves what is blessed."
        if approval == "person"
        else "A rollout follows a blessing by itself."
    )


def _progress(one: Mapping[str, Any]) -> str:
    done = ", ".join(one["steps_done"])
    return f"open; done: {done}" if done else "open"


def _outcome(outcome: Outcome) -> Iterator[str]:
    yield outcome.sentence if outcome.result != "stopped" else f"Training stopped. {outcome.sentence}"
    if not outcome.version:
        return
    yield f"The card: picklefleet retrain show {outcome.version}"
    if outcome.rollout_asked:
        yield f"A rollout of {outcome.version} is asked for."
    elif outcome.result == "blessed":
        yield f"Next: picklefleet approve {outcome.version}"


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    left = data["left_out"]
    yield f"Train {data['train_rows']:,} rows ({data['of_base_set']:,} of the base set), compare {data['compare_rows']:,}, trusted {data['trusted_rows']:,}."
    yield f"Of {left['seen']:,} rows in the window:"
    for name in (
        "other_versions",
        "immature",
        "unlabelled",
        "conflicts",
        "no_true_value",
        "beyond_key_share",
    ):
        yield f"  {name.replace('_', ' '):<18}{left[name]:>10,}"
    yield data["labels"]
