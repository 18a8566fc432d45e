"""The flights story through the ring in containers, and where a person looks while it plays."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from samples.ring import Ring
from samples.story import QUICK, Pace, Story, Tell, drive
from samples.story_page import PAGE, write_page

DEMO = QUICK
# Two days of severe weather: enough to see every part work, too little to learn from.
BRIEF = Pace(date(2013, 6, 20), 2, 2, 1, (), date(2013, 6, 22))


def drive_ring(ring: Ring, files: Path, page: Path, tell: Tell, pace: Pace) -> None:
    """Raises PicklefleetError where the ring is not up, has a history, or a command fails."""
    for line in _places(ring):
        tell(line)
    story = drive(ring, files, tell, pace)
    tell(f"mail: {ring.run('report', 'mail', story.nights[-1]['night'], quiet=True).strip()}")
    if _promoted(story):
        tell(ring.run("rollback", "--reason", "the demonstration shows the way back", quiet=True).strip())
    write_page(story, page)
    tell(f"What every command printed: {page / PAGE}")
    tell("Stop it: make down")


def _places(ring: Ring) -> Iterator[str]:
    yield f"The service:  {ring.base}/docs"
    for told, service, inside in (("The mails", "worker", 8025), ("Graphite", "graphite", 8080)):
        port = ring.port_of(service, inside)
        yield f"{told + ':':<13} " + (f"http://127.0.0.1:{port}" if port else "left out by its profile")


def _promoted(story: Story) -> bool:
    return bool(story.rollout) and story.rollout["ended"]["outcome"] == "promoted"
