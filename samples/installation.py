"""A whole service in a folder of its own, run by the product's own commands, as a person would in a terminal."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lifecycle.bundle import MANIFEST, Manifest, manifest_from_bytes
from lifecycle.errors import PicklefleetError
from lifecycle.machine import MachineDirectory
from lifecycle.settings import environment_for, load
from samples.commands import Commands

READY_S = 120.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Installation(Commands):
    """Its folder, and what it is configured with."""

    folder: Path
    settings: dict[str, str]
    port: int = field(default_factory=_free_port)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def keep(self, name: str, text: str) -> Path:
        """A file that commands may name."""
        path = self.folder / name
        path.write_text(text)
        return path

    def manifest(self) -> Manifest:
        """Of the version that is champion on the machine."""
        machine = MachineDirectory(Path(self.settings["MACHINE_DIR"]))
        serving = machine.serving()
        if serving is None:
            raise PicklefleetError("The machine serves nothing.")
        return manifest_from_bytes((machine.bundle(serving.digest) / MANIFEST).read_bytes())

    @contextmanager
    def serving(self) -> Iterator[None]:
        with (self.folder / "serve.log").open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - the product's own command
                [sys.executable, "-m", "picklefleet", "serve", "--port", str(self.port)],
                env=self._environment(),
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_ready(process)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < READY_S and process.poll() is None:
            with (
                suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(f"{self.base}/readyz", timeout=2) as answer,  # noqa: S310 - our own
            ):
                if answer.status == 200:
                    return
            time.sleep(0.2)
        raise PicklefleetError(f"The service did not become ready: see {self.folder}/serve.log.")

    def _execute(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - the product's own commands
            [sys.executable, "-m", "picklefleet", *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        return environment_for(load(), self.settings)
