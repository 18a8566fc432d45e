"""`picklefleet dashboards`: the dashboards of Graphite, kept there or saved as pictures."""

from pathlib import Path

import click

from drift_jobs.watching.dashboards import DASHBOARDS, HEIGHT, WIDTH, Graph
from lifecycle import settings as settings_module
from lifecycle.adapters.graphite import Graphite
from lifecycle.command_line import CommandGroup
from lifecycle.errors import SettingsError


@click.group(cls=CommandGroup)
def dashboards() -> None:
    """What Graphite draws of our metrics: the service, the fleet, the model."""


@dashboards.command()
def install() -> None:
    """Keep the dashboards in graphite-web, in place of what has their names."""
    graphite = _graphite()
    for dashboard in DASHBOARDS:
        graphite.keep_dashboard(dashboard.name, dashboard.state())
        click.echo(f"{graphite.url}/dashboard/{dashboard.name.replace(' ', '%20')}")


@dashboards.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--since", default="6h", show_default=True, help="How far back, such as 30min, 6h or 7d.")
def save(folder: Path, since: str) -> None:
    """Save every graph as a PNG in FOLDER."""
    graphite = _graphite()
    folder.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        for number, graph in enumerate(dashboard.graphs, start=1):
            path = folder / f"{dashboard.name.rpartition(' ')[2]}-{number}.png"
            path.write_bytes(graphite.picture(graph.targets, _options(graph, since)))
            click.echo(f"{path}  {graph.title}")


def _options(graph: Graph, since: str) -> dict[str, str]:
    return {**graph.all_options, "from": f"-{since}", "width": str(WIDTH), "height": str(HEIGHT)}


def _graphite() -> Graphite:
    url = settings_module.load().graphite_url
    if not url:
        raise SettingsError("No Graphite is named.", fix="Set PICKLEFLEET_GRAPHITE_URL.")
    return Graphite(url)
