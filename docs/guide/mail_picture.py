"""Take the picture of a night's mail for the guide: the kept page, as a phone shows it, by a headless browser.

    .venv/bin/python docs/guide/mail_picture.py 2013-04-15 docs/guide/mail.png [--width 390] [--height 844] [--dark]

Needs Chromium or Chrome on the PATH, and a store that has the report (`picklefleet report show`).
"""

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
COLOURS = 64


def main() -> None:
    asked = _arguments()
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"Install one of {', '.join(BROWSERS)}: it draws the page.")
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder, "page.html"), Path(folder, "page.png")
        page.write_bytes(_page(asked.night))
        _draw(browser, page, shot, asked)
        asked.picture.write_bytes(_small(shot))
    print(f"{asked.picture}  {asked.picture.stat().st_size:,} bytes")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("night")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=390)
    parser.add_argument("--height", type=int, default=844)
    parser.add_argument("--dark", action="store_true")
    return parser.parse_args()


def _page(night: str) -> bytes:
    """As it is kept."""
    command = [sys.executable, "-m", "picklefleet", "report", "show", night, "--html"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - our own module


def _draw(browser: str, page: Path, shot: Path, asked: argparse.Namespace) -> None:
    options = [
        "--headless",
        "--disable-gpu",
        "--no-sandbox",  # the page is ours, and may fetch nothing
        "--hide-scrollbars",
        f"--user-data-dir={page.parent / 'profile'}",
        f"--window-size={asked.width},{asked.height}",
        f"--screenshot={shot}",
        *(["--blink-settings=preferredColorScheme=0"] if asked.dark else []),
    ]
    subprocess.run(  # noqa: S603 - a browser from the PATH, and a page of ours
        [browser, *options, page.as_uri()], check=True, capture_output=True, timeout=120
    )


def _small(shot: Path) -> bytes:
    out = io.BytesIO()
    with Image.open(shot) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
