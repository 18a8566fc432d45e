"""Commands of retraining: ask for one, run it step by step, watch the queue, and read what came of it."""

import getpass
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from lifecycle.command_line import CommandGroup, echo_json

_STEPS = ("gather", "check", "fit", "compare", "register")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Moment(click.ParamType[datetime]):
    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2013-07-01 or 2013-07-01T02:00:00Z.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group(cls=CommandGroup)
def retrain() -> None:
    """A challenger for the champion: trained on what the fleet has seen, compared, registered, never promoted.

    Drift asks by itself; `request` is for people. `run` works on the oldest open request, `watch` on all that come.
    Every step may be stopped after (--until) and is left out when it is done already.
    """


@retrain.command()
@click.option("--reason", required=True, help="Why, for the card and the history.")
@click.option("--as-of", type=Moment(), help="As if it were then; needs PICKLEFLEET_REPLAY=1.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and write nothing.")
@_JSON
def request(reason: str, as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Ask for a retraining of the champion."""
    from retrain.requesting import request_by_person

    place = _place()
    asked = request_by_person(place, reason, as_of, dry_run=dry_run)
    if as_json:
        echo_json(_plain(asked) | {"id": asked.id, "dry_run": dry_run})
        return
    click.echo(f"{'Would ask' if dry_run else 'Asked'}: {asked.id}. {asked.reason}")
    if not dry_run:
        click.echo(f"Next: picklefleet retrain run {asked.id}")


@retrain.command()
@click.argument("request_id", metavar="[REQUEST]", required=False)
@click.option("--until", type=click.Choice(_STEPS), default="register", help="The last step to do.")
@click.option(
    "--recipe",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A recipe.py instead of the settings'.",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@click.option("--as-of", type=Moment(), help="As if it were then; needs PICKLEFLEET_REPLAY=1.")
@click.option(
    "--wait", type=click.IntRange(0), default=0, metavar="SECONDS", help="Wait so long for a request."
)
@click.option("--dry-run", is_flag=True, help="Gather, validate and split; fit nothing, write nothing.")
@_JSON
def run(request_id: str | None, recipe: Path | None, wait: int, as_json: bool, **chosen: Any) -> None:
    """Work on REQUEST, or on the oldest open one.

    Ends with 0 when there is a challenger or nothing to do, 3 when training was stopped for a reason that a person
    should read, 5 when the challenger was not blessed, 75 when it has to wait.
    """
    from retrain.presentation import present_outcome
    from retrain.working import Wish, work_on

    found = work_on(_place(recipe), request_id, Wish(wait_s=wait, **chosen))
    if as_json:
        echo_json(found.to_document())
    else:
        for line in present_outcome(found):
            click.echo(line)
    sys.exit(found.exit_code)


@retrain.command()
@_JSON
def status(as_json: bool) -> None:
    """Show what is asked for, how far it is, and when the cooldown ends."""
    from retrain.presentation import present_status
    from retrain.status import status_of

    found = status_of(_place())
    if as_json:
        echo_json(found)
        return
    for line in present_status(found):
        click.echo(line)


@retrain.command()
@click.argument("which", metavar="[REQUEST|VERSION]", required=False)
@_JSON
def show(which: str | None, as_json: bool) -> None:
    """Show what became of a request, or the card of a version; without one, of the newest request."""
    from retrain.status import show_of

    found = show_of(_place(), which)
    if as_json:
        echo_json(found.document)
        return
    click.echo(found.text)


@retrain.command()
@click.option("--poll", "poll_s", type=click.IntRange(1), default=60, show_default=True, metavar="SECONDS")
def watch(poll_s: int) -> None:
    """Work on every request that comes, until it is stopped; ask by the schedule where the settings have one."""
    from lifecycle import settings as settings_module
    from lifecycle.adapters.statsd import open_metrics
    from lifecycle.logs import configure
    from retrain.watching import watch_queue

    settings = settings_module.load()
    configure(settings.log_level, settings.log_format)
    watch_queue(_place(), open_metrics(settings), poll_s=poll_s, every_days=settings.retrain_every_days)


@retrain.command(hidden=True)
@click.argument("step", type=click.Choice(["check", "fit", "compare"]))
@click.argument("question", type=click.Path(path_type=Path))
def child(step: str, question: Path) -> None:
    """The contained child of a step."""
    from retrain.asked import answer

    sys.exit(answer(question, _child_work(step)))


def _child_work(step: str) -> Any:
    if step == "check":
        from retrain.checking import check

        return check
    if step == "compare":
        from retrain.judging import judge

        return judge
    from functools import partial

    from lifecycle.adapters.dask import joblib_on
    from retrain.fitting import fit

    return partial(fit, on_cluster=joblib_on)


def _place(recipe: Path | None = None) -> Any:
    from lifecycle import settings as settings_module
    from lifecycle.adapters.object_store import open_store
    from lifecycle.adapters.opening import open_registry, open_signing_key
    from lifecycle.machine import MachineDirectory
    from lifecycle.prediction_log.reading import PredictionLog
    from lifecycle.prediction_log.segment_cache import SegmentCache
    from lifecycle.retraining import RetrainQueue
    from lifecycle.signing import load_trust
    from retrain.limits import Limits
    from retrain.place import Place

    settings = settings_module.load()
    registry, machine = open_registry(settings), MachineDirectory(settings.machine_dir)
    records = open_store(settings).area("records")
    return Place(
        registry,
        load_trust(settings.keys_dir),
        PredictionLog(records, SegmentCache(records, machine.segments)),
        RetrainQueue(registry.control),
        open_signing_key("registration", settings),
        machine.retraining,
        Limits.of(settings, None if recipe is None else recipe.absolute()),
        getpass.getuser(),
    )


def _plain(asked: Any) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(asdict(asked))
    return plain


def main() -> None:
    retrain()


if __name__ == "__main__":
    main()
