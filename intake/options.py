"""The options that describe a handed-over model, shared by every command that registers one."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from intake.register import Request

_FILE = click.Path(path_type=Path, dir_okay=False)

_OPTIONS = (
    click.argument("model", type=_FILE),
    click.option("--name", help="The model's name (default: the file's own)."),
    click.option(
        "--sample", type=_FILE, help="Rows to learn from what the model does not tell: CSV or Parquet."
    ),
    click.option(
        "--allow", multiple=True, metavar="MODULE:NAME", help="Allow one more global, after reading it."
    ),
    click.option(
        "--shim", type=_FILE, help="A Python file with the classes that the pickle expects in __main__."
    ),
    click.option(
        "--accept-version", is_flag=True, help="Override a version refusal; needs 20 golden rows of yours."
    ),
    click.option("--outputs", help="Names of several outputs, with commas between them."),
    click.option("--positive", help="The positive label of a two-class model."),
    click.option(
        "--threshold", type=click.FloatRange(0, 1), help="Answer the positive label from this probability on."
    ),
    click.option(
        "--reference",
        type=_FILE,
        help="At least 2,000 labelled rows that nights are compared with: CSV or Parquet.",
    ),
    click.option(
        "--target", help="The reference's column of true values; several outputs: one each, with commas."
    ),
    click.option(
        "--time", help="The reference's column of times: shows what differs from day to day anyway."
    ),
    click.option(
        "--fold", help="The reference's column that says holdout where the model was not trained on the row."
    ),
    click.option("--metric", help="What nights judge by (default: roc_auc, log_loss or mae)."),
)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def request_from_options(options: Mapping[str, Any]) -> Request:
    """What was asked for, with absolute paths."""
    model: Path = options["model"]
    return Request(
        model=str(model.absolute()),
        name=options["name"] or default_name(model),
        sample=_absolute(options["sample"]),
        allow=tuple(options["allow"]),
        shim=_absolute(options["shim"]),
        accept_version=options["accept_version"],
        outputs=_names(options["outputs"]),
        positive=options["positive"],
        threshold=options["threshold"],
        reference=_absolute(options["reference"]),
        target=_names(options["target"]),
        time=options["time"],
        fold=options["fold"],
        metric=options["metric"],
    )


def default_name(model: Path) -> str:
    """'My Model.pkl.gz' → 'my-model'."""
    return re.sub(r"[^a-z0-9]+", "-", model.name.split(".")[0].lower()).strip("-") or "model"


def _names(listed: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (listed or "").split(",") if name.strip())


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
