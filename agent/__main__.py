"""`picklefleet agent`: the one process of a machine that speaks to the store."""

import signal
import threading
from types import FrameType

import click

from agent.keys_sync import KeyRounds
from agent.rounds import Rounds
from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.adapters.statsd import open_metrics
from lifecycle.logs import configure
from lifecycle.machine import MachineDirectory
from lifecycle.signing import load_trust


@click.command()
@click.option("--once", is_flag=True, help="One round, then end: 0 when the machine has what it shall serve.")
def agent(once: bool) -> None:
    """Bring policy, API keys and verified bundles from the store to this machine's cache, round after round.

    With the store down the machine keeps serving what it has, and the rounds go on more slowly.
    """
    settings = settings_module.load()
    configure(settings.log_level, settings.log_format)
    registry = open_registry(settings)
    machine = MachineDirectory(settings.machine_dir)
    metrics = open_metrics(settings)
    rounds = Rounds(registry, machine, lambda: load_trust(settings.keys_dir), metrics)
    keys = KeyRounds(registry.control, machine, lambda: load_trust(settings.keys_dir), metrics)
    if once:
        keys.once()
        rounds.once()
        return
    stop = _stop_event()
    threading.Thread(
        target=keys.run, args=(settings.agent_poll_s, stop), name="api-keys", daemon=True
    ).start()
    rounds.run(settings.agent_poll_s, stop)


def _stop_event() -> threading.Event:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, ask)
    return stop


if __name__ == "__main__":
    agent()
