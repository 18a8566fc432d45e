"""`picklefleet serve`: the agent and the web service of one machine, in the foreground, under one supervisor."""

import http.client
import json
import sys
import threading
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import click

from lifecycle import logs
from lifecycle import settings as settings_module
from lifecycle.settings import Settings, environment_for
from picklefleet.stopping import stop_on_signal
from picklefleet.supervisor import Program, Supervisor

GUNICORN_CONFIG = Path(__file__).parents[1] / "webapp" / "gunicorn.conf.py"


_KEYS_HINT = """\
Others can reach this service, so each request needs an API key. Make one:

picklefleet keys create --owner NAME --scope predict --scope read"""


@click.command()
@click.option("--host", help="Listen on this address (default: the setting HOST, 127.0.0.1).")
@click.option("--port", type=int, help="Listen on this port (default: the setting PORT, 8000).")
def serve(host: str | None, port: int | None) -> None:
    """Serve the champion of the store until Ctrl-C or SIGTERM.

    A crash of the agent or of the web service is reported and it is started again, with back-off.
    """
    overrides = {key: str(value) for key, value in (("HOST", host), ("PORT", port)) if value is not None}
    run(settings_module.load(overrides=overrides), overrides)


def run(settings: Settings, overrides: dict[str, str]) -> None:
    logs.configure(settings.log_level, settings.log_format)
    stop = threading.Event()
    stop_on_signal(stop)
    supervisor = Supervisor(programs(settings), environment_for(settings, overrides))
    supervisor.run(
        stop, meanwhile=Greeting(f"http://{settings.host}:{settings.port}", settings.keys_required)
    )


def programs(settings: Settings) -> list[Program]:
    """The agent first, so that it outlives the web service and brings its last records home."""
    return [
        Program("agent", [sys.executable, "-m", "agent"], stop_s=30.0),
        Program("web", web_command(), stop_s=settings.graceful_timeout_s + 5.0),
    ]


def web_command() -> list[str]:
    return [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_CONFIG), "webapp.wsgi:app"]


@dataclass(slots=True)
class Greeting:
    """Says once, when the service first answers, where its page is and what to send it."""

    base: str
    keys: bool = False
    said: bool = False

    def __call__(self) -> None:
        """A service that goes away while it is asked is greeted when it has come back: nothing is raised."""
        if self.said or not self._ready():
            return
        try:
            hint = _KEYS_HINT if self.keys else f"Try it:\n\n{self._curl()}"
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return
        self.said = True
        click.echo(f"\nReady.  Documentation: {self.base}/docs\n\n{hint}\n")

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=1) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    def _curl(self) -> str:
        with urllib.request.urlopen(f"{self.base}/api/v1/openapi.json", timeout=5) as answer:  # noqa: S310
            document = json.load(answer)
        return curl_line(self.base, document)


def curl_line(base: str, openapi: dict[str, object]) -> str:
    """A command that works as it stands, from the example in the OpenAPI document."""
    operation = openapi["paths"]["/api/v1/predict"]["post"]  # type: ignore[index]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    body = json.dumps(example).replace("'", "'\\''")
    return f"curl -s {base}/api/v1/predict -H 'Content-Type: application/json' -d '{body}'"
