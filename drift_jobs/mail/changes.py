"""What is different from the night before: new, worse, better, over. That is what one opens the mail for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drift_jobs.mail.conditions import Condition
from drift_jobs.mail.wording import joined, name_of


@dataclass(frozen=True, slots=True)
class Changes:
    """Columns by what became of them since `since`, the judged night before (None: there was none)."""

    since: str | None
    new: tuple[Condition, ...] = ()
    worse: tuple[Condition, ...] = ()
    better: tuple[Condition, ...] = ()
    over: tuple[Condition, ...] = ()
    same: tuple[Condition, ...] = field(default=())

    @property
    def any(self) -> bool:
        return bool(self.new or self.worse or self.better or self.over)


def changes(tonight: tuple[Condition, ...], before: tuple[Condition, ...], since: str | None) -> Changes:
    if since is None:
        return Changes(None, new=tonight)
    earlier = {one.name: one for one in before}
    known = [one for one in tonight if one.name in earlier]
    return Changes(
        since,
        tuple(one for one in tonight if one.name not in earlier),
        tuple(one for one in known if one.severity.rank > earlier[one.name].severity.rank),
        tuple(one for one in known if one.severity.rank < earlier[one.name].severity.rank),
        tuple(one for one in before if one.name not in {each.name for each in tonight}),
        tuple(one for one in known if one.severity is earlier[one.name].severity),
    )


def sentences(found: Changes, before: Mapping[str, Condition]) -> Iterator[str]:
    """`before` are the conditions of the night before, by name."""
    if found.since is None:
        yield "There is no judged night before this one to compare with."
        return
    if found.new:
        yield f"New: {joined(tuple(one.short for one in found.new))}."
    for title, some in (("Worse", found.worse), ("Better", found.better)):
        if some:
            yield f"{title}: {joined(tuple(_moved(one, before[one.name]) for one in some))}."
    if found.over:
        yield f"Recovered: {joined(tuple(_recovered(one) for one in found.over))}."
    if found.same:
        names = tuple(name_of(one.name) for one in found.same)
        yield f"As the night before: {joined(names, 6)}."
    if not (found.any or found.same):
        yield "Nothing was found the night before either."


def _moved(one: Condition, before: Condition) -> str:
    return f"{one.short} ({before.severity.value} → {one.severity.value})"


def _recovered(one: Condition) -> str:
    return f"{name_of(one.name)} ({one.severity.value} → ok)"
