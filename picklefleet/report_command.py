"""`picklefleet report`: what nights found, as it is kept, as it is mailed, and what need not be said aloud for a while."""

import getpass
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from drift_jobs.__main__ import open_place, open_post, show_report
from drift_jobs.mail.conditions import Condition, conditions_of
from drift_jobs.mail.delivery import Mailer
from drift_jobs.mail.letter import as_bytes
from drift_jobs.mail.letters import trial_letter
from drift_jobs.mail.outbox import Posted
from drift_jobs.mail.post import PostOffice
from drift_jobs.mail.rendering import in_place, night_html
from drift_jobs.mail.snoozes import LONGEST, Snooze, check_snoozable
from drift_jobs.night_options import Night
from drift_jobs.reports import Reports
from drift_jobs.rounds import first_promotion, overdue
from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.statsd import open_metrics
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import NotFoundError, PicklefleetError, SettingsError

NIGHT = click.argument("night", type=Night(), required=False)
_NOBODY = "nobody@example.invalid"


@click.group(cls=CommandGroup)
def report() -> None:
    """The reports of nights: shown, previewed as mail, mailed, and what is snoozed in them."""


@report.command("show")
@NIGHT
@click.option("--explain", is_flag=True, help="Show every test, limit and note.")
@click.option("--html", "as_html", is_flag=True, help="Open the kept page in a browser; in a pipe, print it.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def show(night: date | None, explain: bool, as_html: bool, as_json: bool) -> None:
    """Show the report of NIGHT, or the newest one."""
    post = _post()
    found = _find(post.reports, night)
    if as_html:
        _open_page(post.keep(found), f"picklefleet-{found['night']}.html")
    else:
        show_report(found, as_json, explain)


@report.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(as_json: bool) -> None:
    """Is every report there that should be? Ends with 1 where one is more than six hours late.

    For a monitor of your own, on another machine than the worker's: where no worker runs, nobody mails that.
    """
    place, now = open_place(), clock.now()
    since = first_promotion(place)
    late = [] if since is None else overdue(place.reports, since, now)
    if as_json:
        echo_json({"late": [night.isoformat() for night in late]})
    elif late:
        click.echo(
            f"No report yet of {', '.join(map(str, late))}. Is a worker running? picklefleet work", err=True
        )
    else:
        click.echo("Every report that is due is there.")
    sys.exit(1 if late else 0)


@report.command("preview")
@NIGHT
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the mail into this folder too: as .eml, and its page as .html.",
)
def preview(night: date | None, into: Path | None) -> None:
    """Print the mail of NIGHT, or of the newest one, as text; nothing is sent or kept."""
    post = _post()
    found = _find(post.reports, night)
    letter = post.letter(found)
    click.echo(f"Subject: {letter.subject}\n\n{letter.text}", nl=False)
    if into is not None:
        sender, recipients = (
            (post.mailer.sender, post.mailer.recipients) if post.mailer else (_NOBODY, (_NOBODY,))
        )
        into.mkdir(parents=True, exist_ok=True)
        mail, page = into / f"{found['night']}.eml", into / f"{found['night']}.html"
        mail.write_bytes(as_bytes(letter, sender, recipients))
        page.write_text(night_html(post.page(found), in_place, kept=True), encoding="utf-8")
        click.echo(f"{mail}  {mail.stat().st_size:,} bytes, as it would be sent\n{page}", err=True)


@report.command("mail")
@NIGHT
@click.option("--test", is_flag=True, help="Send a short test to the recipients of the settings instead.")
@click.option(
    "--again", is_flag=True, help="A copy of what was mailed, or given up, before; it has the same id."
)
def mail(night: date | None, test: bool, again: bool) -> None:
    """Mail the report of NIGHT, or the newest one, now, and say what came of it.

    A report that was mailed before is not mailed once more, unless --again says so. What can't be delivered now waits in the outbox for the
    worker.
    """
    post = _post()
    mailer = _mailer(post)
    if test:
        letter = trial_letter(f"{clock.now():%Y-%m-%d}-test-{clock.unix_ms()}")
    else:
        letter = replace(
            post.letter(_find(post.reports, night)), copy=f"again-{clock.unix_ms()}" if again else ""
        )
    if not mailer.queue(letter):
        click.echo("It is in the outbox already; --again sends a copy.", err=True)
    mailer.deliver(mailer.outbox.find(letter.place).letter, at_once=True)
    _tell_end(mailer, letter.place)


@report.command("outbox")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def outbox(as_json: bool) -> None:
    """Show the mails of the last 60 days: sent, failed, or waiting and why."""
    mailer = _mailer(_post())
    posted = mailer.outbox.all(clock.now().date())
    if as_json:
        echo_json([{**asdict(one.letter), "end": one.end, "told": dict(one.told)} for one in posted])
        return
    for one in posted:
        click.echo(f"{one.letter.queued_at[:16]}  {one.end or 'waiting':<8} {one.letter.subject}")
        for line in _problems(mailer, one):
            click.echo(f"{'':<18}{line}")
    if not posted:
        click.echo("No mail in 60 days.")


@report.command("snooze")
@click.argument("condition", metavar="CONDITION", required=False)
@click.option(
    "--for", "how_long", default="14d", show_default=True, help="Days from the newest night on: 14d."
)
@click.option("--reason", help="Why it can wait; it stands in every mail meanwhile.")
@click.option("--wake", is_flag=True, help="Take the snooze back.")
def snooze(condition: str | None, how_long: str, reason: str | None, wake: bool) -> None:
    """Say of CONDITION (a column's name) that it is known. Without one, show what is snoozed.

    Mails still name it, but not in their subject. It is loud again when it gets worse or its time is over; what is
    severe can't be snoozed, and a missing report always tells.
    """
    post = _post()
    if condition is None:
        _list_snoozes(post)
        return
    newest = _find(post.reports, None)
    night = date.fromisoformat(newest["night"])
    found = {one.name: one for one in conditions_of(newest)}
    if wake:
        post.snoozes.add(_take_back(post, condition))
        click.echo(f"{condition} is loud again.")
        return
    if not reason:
        raise click.UsageError("Say why with --reason: it stands in every mail meanwhile.")
    until = night + timedelta(days=_days(how_long))
    post.snoozes.add(_snooze(_found(found, condition, night), night, until, reason))
    click.echo(f"{condition} is snoozed until {until}, unless it gets worse than on {night}.")


def _find(reports: Reports, night: date | None) -> dict[str, Any]:
    nights = reports.nights() if night is None else []
    chosen = night or (nights[-1] if nights else None)
    found = None if chosen is None else reports.find(chosen)
    if found is None:
        nights = reports.nights()
        have = f"{nights[0]} to {nights[-1]}" if nights else "none yet"
        raise NotFoundError(
            f"There is no report{f' of {chosen}' if chosen else ''}.",
            fix=f"Reports: {have}. Make one: picklefleet work --once {chosen or '2013-08-01'}",
        )
    return found


def _post() -> PostOffice:
    settings = settings_module.load()
    post: PostOffice = open_post(settings, open_place().reports, open_metrics(settings))
    return post


def _mailer(post: PostOffice) -> Mailer:
    if post.mailer is None:
        raise SettingsError(
            "No mail is sent: the settings name no server.",
            fix="Set PICKLEFLEET_SMTP_HOST, PICKLEFLEET_MAIL_FROM and PICKLEFLEET_MAIL_TO.",
        )
    return post.mailer


def _open_page(page: str, name: str) -> None:
    if not sys.stdout.isatty():
        click.echo(page, nl=False)
        return
    path = Path(tempfile.mkdtemp(prefix="picklefleet-"), name)
    path.write_text(page, encoding="utf-8")
    click.echo(path)
    click.launch(str(path))


def _tell_end(mailer: Mailer, key: str) -> None:
    posted = mailer.outbox.find(key)
    for line in _problems(mailer, posted):
        click.echo(line, err=True)
    if posted.end != "sent":
        raise PicklefleetError(
            "It was not sent.", fix="" if posted.end else "The worker tries again, or run this again."
        )
    click.echo(f"Sent to {', '.join(posted.told['accepted'])}.")


def _problems(mailer: Mailer, posted: Posted) -> list[str]:
    told: Mapping[str, Any] = posted.told
    lines = [f"{who}: {why}" for who, why in told.get("refused", {}).items()]
    if told.get("reason"):
        lines.append(told["reason"])
    if posted.end is None:
        tried = mailer.outbox.attempts(posted.letter.key)
        last = tried[-1].ended.problem if tried and tried[-1].ended else ""
        lines.append(f"Tried {len(tried)} times. {last}".rstrip())
    return lines


def _days(text: str) -> int:
    digits = text.removesuffix("d")
    if not (digits.isascii() and digits.isdecimal()) or not 1 <= int(digits) <= LONGEST.days:
        raise click.BadParameter(f"{text!r} is no number of days such as 14d, at most {LONGEST.days}d.")
    return int(digits)


def _found(found: Mapping[str, Condition], name: str, night: date) -> Condition:
    if name in found:
        check_snoozable(found[name])
        return found[name]
    have = ", ".join(found) or "nothing"
    raise NotFoundError(f"{name} was not found on {night}.", fix=f"Found on that night: {have}.")


def _snooze(condition: Condition, night: date, until: date, reason: str) -> Snooze:
    severity, now = condition.severity.value, clock.timestamp(clock.now())
    return Snooze(condition.name, night, until, severity, condition.effect, getpass.getuser(), reason, now)


def _take_back(post: PostOffice, condition: str) -> Snooze:
    held = post.snoozes.latest().get(condition)
    if held is None:
        raise NotFoundError(f"{condition} is not snoozed.", fix="See what is: picklefleet report snooze")
    now = clock.timestamp(clock.now())
    by = getpass.getuser()
    return Snooze(condition, held.since, held.since, held.severity, held.effect, by, "taken back", now)


def _list_snoozes(post: PostOffice) -> None:
    held = [one for one in post.snoozes.latest().values() if one.since < one.until]
    for one in held:
        click.echo(f"{one.condition}: {one.severity}, {one.since} to {one.until}, by {one.by}: {one.reason}")
    if not held:
        click.echo("Nothing is snoozed.")
