"""Whether a release may take over: what it must be able to load and to read, and whoever it replaces after it."""

from collections.abc import Iterator, Mapping

from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.release import Formats, Release


def obstacles(release: Release, now: FleetIntent | None, runtimes: Mapping[str, str]) -> Iterator[str]:
    """Whole sentences; nothing when it may go. `runtimes`: version → runtime, of every version in the policy."""
    for version, runtime in runtimes.items():
        if runtime != release.runtime:
            yield (
                f"{version} runs in {runtime}, and the release in {release.runtime}: it could not load it. "
                f"Build the image with RUNTIME={runtime}."
            )
    live = None if now is None else now.release(now.live)
    if live is not None and live.formats and release.formats:
        yield from _unreadable("The release", release.formats, "what is in the store", live.formats)
        yield from _unreadable(
            live.name, live.formats, f"what {release.name} writes, on the way back", release.formats
        )


def _unreadable(
    reader: str, reads: Mapping[str, Formats], what: str, written: Mapping[str, Formats]
) -> Iterator[str]:
    for name, formats in written.items():
        if name in reads and formats.writes not in reads[name].reads:
            yield f"{reader} can't read {name} of format {formats.writes}: {what} could not be read."
