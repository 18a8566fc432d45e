"""`picklefleet agent`: the one process of a machine that speaks to the store."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import FrameType

import click

from agent.certificates import CertificateRounds
from agent.colour_processes import ColourProcesses
from agent.edge_counting import EdgeCounting
from agent.edge_proxy.admission import EdgeProxy
from agent.edge_proxy.configuration import Edge
from agent.edge_proxy.drain import drain
from agent.edge_rounds import EdgeRounds
from agent.host_rounds import HostRounds
from agent.keys_sync import KeyRounds
from agent.leaving_rounds import LeavingRounds
from agent.measuring_rounds import MeasuringRounds, machine_name
from agent.metrics_relay import MetricsRelay
from agent.release_rounds import ReleaseRounds
from agent.rounds import Rounds
from agent.shipper import Shipper
from agent.shipping_rounds import ShippingRounds
from agent.smoke import Smoke
from agent.sync import PolicySync
from agent.trial import try_bundle
from lifecycle import settings as settings_module
from lifecycle.adapters.azure_monitor import open_all_metrics, open_azure_monitor
from lifecycle.adapters.metadata_service import MetadataService
from lifecycle.adapters.opening import open_records, open_registry
from lifecycle.bundle import MANIFEST, manifest_from_bytes
from lifecycle.errors import NotFoundError
from lifecycle.golden import GoldenRows
from lifecycle.heartbeats import keep_beating
from lifecycle.loading import read_golden
from lifecycle.logs import configure
from lifecycle.machine import MachineDirectory
from lifecycle.memory import free_bytes
from lifecycle.metrics import Metrics
from lifecycle.prediction_log.recording import spool_is_sound
from lifecycle.registry import Registry
from lifecycle.releases.journal import ReleaseJournal
from lifecycle.settings import Settings
from lifecycle.signature import Signature
from lifecycle.signing import load_trust


@click.command()
@click.option("--once", is_flag=True, help="One round each way, then end: 0 when all went well.")
def agent(once: bool) -> None:
    """Bring policy, API keys and verified bundles from the store to this machine, and its records to the store.

    With the store down the machine keeps serving what it has, records wait here, and the rounds go on more slowly.
    """
    settings = settings_module.load()
    configure(settings.log_level, settings.log_format)
    registry = open_registry(settings)
    machine = MachineDirectory(settings.machine_dir)
    folder = machine.root / "azure-monitor"
    monitor = None if once else open_azure_monitor(settings, machine_name(machine), folder)
    metrics = open_all_metrics(settings, monitor)
    sync = PolicySync(registry, machine, lambda: load_trust(settings.keys_dir), try_bundle, free_bytes)
    rounds = Rounds(sync, metrics)
    name = machine_name(machine)
    keys = KeyRounds(registry.control, machine, lambda: load_trust(settings.keys_dir), metrics, name)
    proxy = EdgeProxy(Path(settings.edge_dir)) if settings.edge_dir else None
    counting = EdgeCounting(proxy.runtime.statistics, machine.measurements) if proxy else None
    measuring = MeasuringRounds(registry.control, machine, counting)
    shipping = _shipping(settings, machine, metrics)
    if once:
        keys.once()
        rounds.once()
        measuring.once()
        shipping.once()
        return
    stop = _stop_event()
    asker = _start("api-keys", keys.run, settings.agent_poll_s, stop)
    if proxy:
        _start("certificates", CertificateRounds(proxy.runtime, name, metrics).run, stop)
        _start("edge", EdgeRounds(proxy, lambda: spool_is_sound(machine.spool)).run, stop)
    telling = threading.Thread(target=monitor.run, args=(stop,), name="azure-monitor") if monitor else None
    if telling is not None:
        telling.start()
    if settings.statsd_listen:
        server = (settings.statsd_host, settings.statsd_port) if settings.statsd_host else None
        relay = MetricsRelay(settings.statsd_listen, server, monitor.take_packet if monitor else None)
        _start("metrics", relay.run, stop)
    host = _start("host", HostRounds(name, machine.root, proxy, metrics).run, stop)
    if proxy:
        if settings.metadata_url:
            _start("leaving", _leaving(settings, proxy, shipping, metrics, stop).run, stop)
        _start("releases", _releases(settings, registry, machine, proxy).run, stop)
    _start("measurements", measuring.run, stop)
    carrier = _start("records", shipping.run, settings.seal_age_s, stop)
    keep_beating(settings, "agent", lambda: carrier.is_alive() and asker.is_alive(), stop)
    rounds.run(settings.agent_poll_s, stop)
    carrier.join()  # it ships once more: the web processes ended before
    host.join()
    if telling is not None:
        telling.join()


def _start(name: str, run: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=run, args=arguments, name=name, daemon=True)
    thread.start()
    return thread


def _shipping(settings: Settings, machine: MachineDirectory, metrics: Metrics) -> ShippingRounds:
    scratch = Path(settings.scratch_dir) if settings.scratch_dir else machine.scratch
    return ShippingRounds(Shipper(open_records(settings), machine.spool, scratch=scratch), metrics)


def _leaving(
    settings: Settings,
    proxy: EdgeProxy,
    shipping: ShippingRounds,
    metrics: Metrics,
    stop: threading.Event,
) -> LeavingRounds:
    timeouts = Edge.of(settings, (), "", PurePosixPath("/")).timeouts
    return LeavingRounds(
        MetadataService(settings.metadata_url),
        proxy,
        lambda: drain(proxy, timeouts, stop),
        shipping.once,
        metrics,
    )


def _releases(
    settings: Settings, registry: Registry, machine: MachineDirectory, proxy: EdgeProxy
) -> ReleaseRounds:
    smoke = Smoke(machine, proxy.folder, lambda: _golden(machine))
    smoke.prepare()
    return ReleaseRounds(
        lambda: ReleaseJournal(registry.control, load_trust(settings.keys_dir)),
        machine,
        proxy,
        machine_name(machine),
        ColourProcesses(machine.releases, proxy.folder),
        smoke,
        settings.own_colour,
    )


def _golden(machine: MachineDirectory) -> tuple[Signature, GoldenRows]:
    """Of the champion: every release must answer it as it was registered."""
    serving = machine.serving()
    if serving is None:
        raise NotFoundError("This machine holds no champion yet.")
    folder = machine.bundle(serving.digest)
    return manifest_from_bytes((folder / MANIFEST).read_bytes()).signature, read_golden(folder)


def _stop_event() -> threading.Event:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, ask)
    return stop


if __name__ == "__main__":
    agent()
