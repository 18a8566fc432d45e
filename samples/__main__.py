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


@main.command()
@click.option("--files", type=click.Path(path_type=Path, exists=True), default=Path("var/samples/flights"))
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/story"), show_default=True)
@click.option("--page", type=click.Path(path_type=Path), default=Path("docs/guide"), show_default=True)
@click.option("--quick", is_flag=True, help="Fewer nights are judged.")
def story(files: Path, folder: Path, page: Path, *, quick: bool) -> None:
    """Play the flights story with the real parts, and write its page: about half an hour."""
    from samples.story import QUICK, WHOLE, play
    from samples.story_page import write_page

    try:
        told = play(folder.absolute(), files.absolute(), click.echo, QUICK if quick else WHOLE)
    except PicklefleetError as problem:
        raise click.ClickException(str(problem)) from problem
    write_page(told, page)
    click.echo(f"Written to {page}")


@main.command()
@click.option("--files", type=click.Path(path_type=Path, exists=True), default=Path("var/samples/flights"))
@click.option("--port", type=int, default=8000, show_default=True, help="Where the edge proxy is published.")
@click.option("--page", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--quick", is_flag=True, help="A few days, and no rollout.")
def demo(files: Path, port: int, page: Path, *, quick: bool) -> None:
    """Drive the flights story through the ring that `make up` started, and say where to look: some ten minutes."""
    from samples.demo import BRIEF, DEMO, drive_ring
    from samples.ring import Ring

    try:
        drive_ring(Ring(port), files.absolute(), page, click.echo, BRIEF if quick else DEMO)
    except PicklefleetError as problem:
        raise click.ClickException(str(problem)) from problem


@main.command()
@click.option("--files", type=click.Path(path_type=Path, exists=True), default=Path("var/samples/flights"))
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/year"), show_default=True)
@click.option("--page", type=click.Path(path_type=Path), default=Path("docs/guide"), show_default=True)
def year(files: Path, folder: Path, page: Path) -> None:
    """Send a year of flights through a service and judge each of its nights: about two hours, and it may be resumed."""
    from samples.year import play
    from samples.year_page import write_page
    from samples.year_pictures import draw

    try:
        reports = play(folder.absolute(), files.absolute(), click.echo)
    except PicklefleetError as problem:
        raise click.ClickException(str(problem)) from problem
    write_page(reports, page)
    draw(reports, page)
    click.echo(f"Written to {page}")


if __name__ == "__main__":
    main()
