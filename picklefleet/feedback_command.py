"""`picklefleet feedback`: true values that come in files."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from agent.feedback_import import FeedbackImport, Imported
from agent.label_files import On, read_labels
from lifecycle import settings as settings_module
from lifecycle.bundle import MANIFEST, manifest_from_bytes
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import PicklefleetError
from lifecycle.installation_keys import load_fleet_key
from lifecycle.machine import MachineDirectory
from lifecycle.prediction_log.recording import recorder_for
from lifecycle.true_values import TrueValues

_STEPS = 1000


@click.group(cls=CommandGroup)
def feedback() -> None:
    """The true values of earlier predictions."""


@feedback.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--on",
    type=click.Choice(["prediction_id", "key"]),
    default="prediction_id",
    show_default=True,
    help="The column that names the prediction: its id, or your own key from row_keys.",
)
@click.option("--owner", default="", help="Whose predictions they are: the owner of the API key that asked.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_file(file: Path, on: On, owner: str, as_json: bool) -> None:
    """Record the true values in FILE, a .csv or .parquet with the columns prediction_id (or key), actual and, if
    you like, observed_at (UTC unless it says otherwise). Several outputs: a column actual:NAME for each.

    They go to this machine's spool, from where its agent ships them. Rows without a value are left out; running
    it again changes nothing. Ends with 1 if a row was refused.
    """
    settings = settings_module.load()
    machine, key = MachineDirectory(settings.machine_dir), load_fleet_key(settings)
    recorder = recorder_for(settings)
    work = FeedbackImport(on, owner, key, _true_values(machine), recorder.feedback)
    try:
        done = _with_progress(file, work)
    finally:
        recorder.close()
    _show(done, as_json)
    if done.refused:
        sys.exit(1)


def _true_values(machine: MachineDirectory) -> TrueValues:
    serving = machine.serving()
    if serving is None:
        raise PicklefleetError(
            "This machine serves no model yet, so it is not known what a true value is.",
            fix="Bring the champion here: picklefleet agent --once",
        )
    manifest = manifest_from_bytes((machine.bundle(serving.digest) / MANIFEST).read_bytes())
    return TrueValues.of(manifest.signature.outputs)


def _with_progress(file: Path, work: FeedbackImport) -> Imported:
    with click.progressbar(length=_STEPS, label=file.name, file=sys.stderr) as bar:
        return work.run(
            read_labels(file, work.columns), lambda read: bar.update(round(read * _STEPS) - bar.pos)
        )


def _show(done: Imported, as_json: bool) -> None:
    if as_json:
        echo_json(asdict(done))
        return
    click.echo(f"Recorded {done.accepted:,}, refused {done.refused:,}, without a value {done.empty:,}.")
    for fault in done.faults:
        click.echo(f"  row {fault.number}, {fault.column}: {fault.detail}")
    if done.accepted:
        click.echo("This machine's agent ships them; without one running: picklefleet agent --once")
