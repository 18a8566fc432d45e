"""`python -m samples flights`: build the demonstration model."""

from pathlib import Path

import click

from lifecycle.errors import PicklefleetError


@click.group()
def main() -> None:
    """Demonstration models from real data."""


@main.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("var/samples/flights"), show_default=True
)
@click.option("--regression", is_flag=True, help="Predict the delay in minutes instead of late or on time.")
@click.option("--later", is_flag=True, help="Also write April to December, for replays.")
def flights(out: Path, regression: bool, later: bool) -> None:
    """Train the flights model and write it with its reference and sample."""
    from samples.flights import make

    try:
        made = make(out, regression=regression, later=later)
    except PicklefleetError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{made.model}  the model, as a data-science team hands it over")
    click.echo(f"{made.reference}  {made.rows} labelled flights, target column {made.target!r}")
    click.echo(f"{made.sample}  rows without the answer")
    if made.later:
        click.echo(f"{made.later}  April to December, held back")
    click.echo(f"Hold-out (16 to 31 March) {made.score_name}: {made.score:.3f}")


if __name__ == "__main__":
    main()
