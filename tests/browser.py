"""A real Chromium without a window, spoken to through a pipe: JSON documents with a NUL behind each."""

import itertools
import json
import os
import shutil
import subprocess
import time

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium on this machine (Debian: apt install chromium)"
)
PATIENCE_S = 60


class Browser:
    """One page. `folder` is its profile."""

    def __init__(self, folder):
        from_us, self._to_it = os.pipe()
        self._from_it, to_us = os.pipe()
        command = [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--metrics-recording-only",
            f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank",
        ]  # fmt: skip
        # Chromium reads from descriptor 3 and writes to 4
        shell = ["bash", "-c", f'exec "$@" 3<&{from_us} 4>&{to_us}', "browser", *command]
        self._process = subprocess.Popen(
            shell, pass_fds=(from_us, to_us), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(from_us)
        os.close(to_us)
        self._numbers, self._read = itertools.count(1), b""
        self._session = None
        targets = self._call("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable")

    def open(self, address):
        self._call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script):
        """The value of a piece of JavaScript in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script):
        begun = time.monotonic()
        while not self.run(script):
            assert time.monotonic() - begun < PATIENCE_S, f"never: {script}"
            time.sleep(0.05)

    def close(self):
        self._process.terminate()
        self._process.wait(30)
        os.close(self._to_it)
        os.close(self._from_it)

    def _call(self, method, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_it, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self):
        while b"\0" not in self._read:
            more = os.read(self._from_it, 1 << 16)
            assert more, "the browser ended"
            self._read += more
        one, _, self._read = self._read.partition(b"\0")
        return json.loads(one)
