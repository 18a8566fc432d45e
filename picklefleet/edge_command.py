"""`picklefleet edge`: write the configuration of this machine's HAProxy, see and switch its admission."""

import getpass
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath

import click

from agent.edge_proxy.admission import EdgeProxy, EdgeState
from agent.edge_proxy.configuration import COLOURS, Edge, Listener
from agent.edge_proxy.drain import drain as drain_machine
from agent.edge_proxy.rendering import REQUEST_ID, Answer, render
from agent.edge_proxy.server_state import MAX_WEIGHT, WEIGHT, Intent
from lifecycle import settings as settings_module
from lifecycle.atomic_file import write_atomically
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import SettingsError
from webapp.http_answer import COMMON_HEADERS
from webapp.problems import MEDIA_TYPE, OF_THE_EDGE, ProblemError

_COLOUR = click.Choice(COLOURS)
_STOPS = "the machine stops"


@click.group(cls=CommandGroup)
def edge() -> None:
    """The HAProxy in front of this machine's web services: TLS, limits, queue, probe, admission."""


@edge.command("render")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Write the files here."
)
@click.option("--installed", help="The folder that HAProxy reads them from, where that is another one.")
@click.option("--listen", multiple=True, metavar="ADDRESS", help="Plain HTTP, such as 127.0.0.1:8080.")
@click.option("--listen-tls", multiple=True, metavar="ADDRESS", help="TLS 1.2 and later, such as :443.")
@click.option(
    "--listen-proxied", multiple=True, metavar="ADDRESS", help="As the others, behind a balancer's PROXY v2."
)
@click.option(
    "--balancer", multiple=True, metavar="ADDRESS", help="An address or network that PROXY comes from."
)
@click.option("--certificate", default="", help="A PEM file with certificate and key, or a folder of such.")
@click.option("--probe", default="127.0.0.1:8081", show_default=True, help="Where probes are answered.")
@click.option("--user", default="", help="Whom HAProxy becomes, where it starts as root.")
@click.option("--group", default="", help="And its group: that of the agent, which uses the runtime socket.")
@click.option("--live", type=_COLOUR, default="blue", show_default=True, help="Gets all traffic at first.")
@click.option("--not-admitted", is_flag=True, help="At first the machine is not admitted to the traffic.")
def render_command(  # noqa: PLR0913 - an option each
    *,
    out: Path,
    installed: str | None,
    listen: tuple[str, ...],
    listen_tls: tuple[str, ...],
    listen_proxied: tuple[str, ...],
    balancer: tuple[str, ...],
    certificate: str,
    probe: str,
    user: str,
    group: str,
    live: str,
    not_admitted: bool,
) -> None:
    """Write HAProxy's configuration for this machine; check it with `haproxy -c -f OUT/haproxy.cfg`.

    Limits and times follow from the settings. What the proxy shall do at first (--live, --not-admitted) is kept in
    EDGE_DIR, and only where nothing is kept there yet.
    """
    settings = settings_module.load()
    listeners = _listeners(listen, listen_tls, listen_proxied, balancer, certificate)
    folder = PurePosixPath(edge_folder(settings))
    wanted = replace(Edge.of(settings, listeners, probe, folder), user=user, group=group)
    for name, text in render(wanted, answers(), PurePosixPath(installed or out.absolute())).items():
        write_atomically(out / name, text.encode())
    first = Intent(not not_admitted, {live: WEIGHT})
    folder_here = Path(folder)
    folder_here.mkdir(parents=True, exist_ok=True)
    kept = EdgeProxy(folder_here).keep_first(first)
    click.echo(f"Wrote {out}/haproxy.cfg." + (f" At first {live} gets the traffic." if kept else ""))


@edge.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show whether this machine is admitted, the colours' weights, and what is under way."""
    state = _edge().look()
    if as_json:
        echo_json(_document(state))
        return
    click.echo(f"{'admitted' if state.intent.admitted else 'not admitted'}, {state.sessions} connections")
    for colour in COLOURS:
        shown = "live" if colour in state.intent.live & state.listening else "not live"
        click.echo(
            f"{colour:<8}weight {state.intent.weight(colour):>3}  {shown:<10}{state.working[colour]} requests"
        )


@edge.command()
@click.option("--after-stop", is_flag=True, help="Only where `edge drain --stop` took it out.")
def admit(after_stop: bool) -> None:
    """Let this machine take traffic: its probe answers 200 while a web process lives."""
    edge = _edge()
    if after_stop and edge.leaving != _STOPS:
        return
    edge.stay()
    edge.change(lambda intent: replace(intent, admitted=True))


@edge.command()
@click.option("--no-wait", is_flag=True, help="Return at once.")
@click.option("--stop", is_flag=True, help="For the machine's own stop: `edge admit --after-stop` undoes it.")
def drain(no_wait: bool, stop: bool) -> None:
    """Take this machine out of the traffic, and return when it may be stopped.

    The probe answers 503 and every answer closes its connection; nothing that began is cut off. It stays out, whatever
    a release does, until `picklefleet edge admit`.
    """
    edge = _edge()
    if not (stop and edge.leaving):  # what keeps it out already does so after the start, too
        edge.leave(_STOPS if stop else f"{getpass.getuser()} drained it")
    if no_wait:
        return
    settings = settings_module.load()
    drained = drain_machine(edge, Edge.of(settings, (), "", PurePosixPath("/")).timeouts)
    click.echo(f"Drained in {drained.seconds:.0f} s, {drained.left} connections left.")


@edge.command()
@click.option("--blue", type=click.IntRange(0, MAX_WEIGHT), required=True)
@click.option("--green", type=click.IntRange(0, MAX_WEIGHT), required=True)
def weigh(blue: int, green: int) -> None:
    """Share this machine's traffic between its colours."""
    _edge().change(lambda intent: replace(intent, weights={"blue": blue, "green": green}))


def answers() -> Mapping[int, Answer]:
    """HAProxy's own answers, from the one table of problems."""
    headers = {"Content-Type": MEDIA_TYPE, **COMMON_HEADERS}
    return {
        kind.status: Answer(ProblemError(kind, kind.meaning).body(REQUEST_ID).decode(), headers)
        for kind in OF_THE_EDGE
    }


def edge_folder(settings: settings_module.Settings) -> Path:
    if not settings.edge_dir:
        raise SettingsError("No edge proxy is named.", fix="Set PICKLEFLEET_EDGE_DIR to its folder.")
    return Path(settings.edge_dir).absolute()


def _edge() -> EdgeProxy:
    return EdgeProxy(edge_folder(settings_module.load()))


def _listeners(
    plain: tuple[str, ...],
    tls: tuple[str, ...],
    proxied: tuple[str, ...],
    balancers: tuple[str, ...],
    certificate: str,
) -> list[Listener]:
    if tls and not certificate:
        raise click.UsageError("--listen-tls needs --certificate.")
    if bool(proxied) != bool(balancers):
        raise click.UsageError("--listen-proxied and --balancer go together.")
    if not (plain or tls or proxied):
        raise click.UsageError("Nothing to listen on: give --listen, --listen-tls or --listen-proxied.")
    return [
        *(Listener(address) for address in plain),
        *(Listener(address, certificate) for address in tls),
        *(Listener(address, certificate, balancers) for address in proxied),
    ]


def _document(state: EdgeState) -> dict[str, object]:
    intent = asdict(state.intent) | {"live": sorted(state.intent.live)}
    return asdict(state) | {"intent": intent, "listening": sorted(state.listening)}
