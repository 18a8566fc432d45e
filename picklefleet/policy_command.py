"""`picklefleet policy` and `picklefleet rollback`: who answers whom, by hand."""

import getpass
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_records, open_registry, open_signing_key
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import NotFoundError
from lifecycle.machine import MachineDirectory
from lifecycle.policy import TrafficPolicy, VersionRef, with_shadow, with_share, without
from lifecycle.policy_journal import PolicyJournal
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.shadow_rows import Compared, compare_shadow, latency
from lifecycle.signing import load_trust
from lifecycle.window import parse

Change = Callable[[TrafficPolicy, VersionRef], TrafficPolicy]


@click.group(cls=CommandGroup)
def policy() -> None:
    """Show and change which version answers whom. Machines follow within seconds."""


@policy.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """Show the policy in force: champion, arms with their shares, shadows."""
    found = _journal().newest()
    if found is None:
        raise NotFoundError("There is no policy yet.", fix="Promote a version: picklefleet promote v1")
    _tell(found, as_json)


@policy.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history(as_json: bool) -> None:
    """Show every policy there was, by whom and why, oldest first."""
    entries = list(_journal().history())
    if as_json:
        echo_json([to_document(entry) for entry in entries])
        return
    for entry in entries:
        line = f"{entry.number:>6}  {entry.made_at[:19].replace('T', ' ')}  {summary(entry)}  {entry.by}  {entry.reason}"
        click.echo(line.rstrip())


@policy.command("set")
@click.argument("version")
@click.option("--share", type=float, help="Answer this share of all units, 0 to 1; 0 ends the arm.")
@click.option("--shadow", is_flag=True, help="Ask it what the champion is asked, answering nobody.")
@click.option("--end", is_flag=True, help="End its arm or shadow.")
@click.option("--reason", default="", help="Why, for the history.")
@click.option("--dry-run", is_flag=True, help="Check and show the policy, but write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def set_policy(  # noqa: PLR0913 - one parameter for each option
    *, version: str, share: float | None, shadow: bool, end: bool, reason: str, dry_run: bool, as_json: bool
) -> None:
    """Give VERSION a share of the traffic beside the champion, or make it a shadow: one entry in the journal.

    Units that a version answers stay with it while its share grows.
    """
    if sum((share is not None, shadow, end)) != 1:
        raise click.UsageError("Give one of --share, --shadow and --end.")
    if share is not None:
        _change(version, lambda now, ref: with_share(now, ref, share), reason, dry_run, as_json)
    else:
        change: Change = with_shadow if shadow else lambda now, ref: without(now, ref.digest)
        _change(version, change, reason, dry_run, as_json)


@policy.command()
@click.argument("version")
@click.option(
    "--last", default="24h", show_default=True, help="7d, 24h, a day, or days such as 2013-01-01..2013-02-01."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(version: str, last: str, as_json: bool) -> None:
    """Show what VERSION answered as a shadow beside what the champion did, row by row, from the log."""
    settings = settings_module.load()
    registry, records = open_registry(settings), open_records(settings)
    signature = registry.manifest(registry.version(version).digest).signature
    log = PredictionLog(records, SegmentCache(records, MachineDirectory(settings.machine_dir).segments))
    found = compare_shadow(log, parse(last, clock.now()), version, signature)
    if as_json:
        echo_json({**asdict(found), "agreement": found.agreement, "mean_distance": found.mean_distance})
        return
    for line in _comparison(version, found):
        click.echo(line)


@click.command()
@click.option("--reason", default="", help="Why, for the history.")
@click.option("--dry-run", is_flag=True, help="Show the policy that would be in force, but write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rollback(reason: str, dry_run: bool, as_json: bool) -> None:
    """Go back to the policy before this one, in one entry and without any analysis.

    Asked again it goes one entry further back, and says so; the way forth is `picklefleet promote`.
    """
    settings = settings_module.load()
    journal = _journal()
    before = journal.newest()
    if dry_run:
        _tell(journal.before_this(), as_json)
    else:
        key = open_signing_key("admission", settings)
        _tell(journal.roll_back(key, by=getpass.getuser(), reason=reason), as_json)
    if not as_json and before is not None:
        click.echo("\n".join(_what_a_rollback_means(before, dry_run=dry_run)))


def _what_a_rollback_means(before: TrafficPolicy, *, dry_run: bool) -> Iterator[str]:
    """Asked for twice, it is not the same as once: whoever did not mean that is told the way out."""
    if before.restores is not None:
        led = "would lead" if dry_run else "has led"
        yield f"Policy {before.number} was a rollback already: this one {led} one entry further back than that."
    if not dry_run:
        yield f"Not meant? {before.champion.version} was champion before: picklefleet promote {before.champion.version}"


def _change(version: str, change: Change, reason: str, dry_run: bool, as_json: bool) -> None:
    settings = settings_module.load()
    journal = _journal()
    entry = journal.registry.version(version)
    ref = VersionRef(entry.version, entry.digest)

    def decide(now: TrafficPolicy | None) -> TrafficPolicy:
        if now is None:
            raise NotFoundError(
                "There is no champion yet.", fix=f"Promote one: picklefleet promote {version}"
            )
        return change(now, ref)

    if dry_run:
        wanted = decide(journal.newest())
        journal.check(wanted)
        _tell(wanted, as_json)
        return
    key = open_signing_key("admission", settings)
    _tell(journal.change(key, decide, by=getpass.getuser(), reason=reason), as_json)


def _journal() -> PolicyJournal:
    settings = settings_module.load()
    return PolicyJournal(open_registry(settings), load_trust(settings.keys_dir))


def _tell(found: TrafficPolicy, as_json: bool) -> None:
    if as_json:
        echo_json(to_document(found))
        return
    for line in _lines(found):
        click.echo(line)


def to_document(found: TrafficPolicy) -> dict[str, Any]:
    """The entry as it is stored, with the shares that its slots make."""
    document = asdict(found)
    for arm, stored in zip(found.arms, document["arms"], strict=True):
        stored["share"] = arm.share
    return {**document, "champion_share": found.champion_share}


def summary(found: TrafficPolicy) -> str:
    """`v1 95%, v2 5%, v3 shadow`."""
    parts = [f"{found.champion.version} {found.champion_share * 100:g}%"]
    parts += [f"{arm.version} {arm.share * 100:g}%" for arm in found.arms]
    parts += [f"{shadow.version} shadow" for shadow in found.shadows]
    return ", ".join(parts)


def _lines(found: TrafficPolicy) -> Iterator[str]:
    yield f"Policy {found.number}{f', as {found.restores} was' if found.restores is not None else ''}"
    yield f"  {found.champion.version:<6}{found.champion_share:>9.4%}  champion    {found.champion.digest[:12]}"
    for arm in found.arms:
        yield f"  {arm.version:<6}{arm.share:>9.4%}  challenger  {arm.digest[:12]}"
    for shadow in found.shadows:
        yield f"  {shadow.version:<6}{'':>9}  shadow      {shadow.digest[:12]}"
    if found.made_at:
        yield f"  {found.made_at[:19].replace('T', ' ')} by {found.by}  {found.reason}".rstrip()


def _comparison(version: str, found: Compared) -> Iterator[str]:
    if not found.rows:
        yield f"No row of {version} as a shadow in that time: picklefleet policy set {version} --shadow"
        return
    yield f"{found.rows:,} rows, {found.agreement:.2%} the same; mean distance {found.mean_distance:.4g}"
    for who, counts in (
        (f"{version}'s model", found.shadow_latency),
        ("whole answers", found.champion_latency),
    ):
        yield f"  {who:<16}{latency(counts, 0.5) * 1e3:8.2f} ms median{latency(counts, 0.95) * 1e3:10.2f} ms p95"
    for one in found.largest:
        yield f"  {one.distance:8.4f}  {one.request_id} row {one.row}: {_shown(one.champion)} → {_shown(one.shadow)}"


def _shown(answers: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{value}" for name, value in answers.items()
    )
