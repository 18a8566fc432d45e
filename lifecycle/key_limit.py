"""How many requests one API key may send: a token bucket, and the share of it that one machine grants."""

from dataclasses import dataclass

from lifecycle.settings import Settings


@dataclass(frozen=True, slots=True)
class KeyLimit:
    """`rate` requests a second in the long run and `burst` at once, of the whole fleet; `machines` share them evenly.

    Machines do not talk about it: a client whose requests all go to one machine has that machine's share alone.
    """

    rate: int
    burst: int
    machines: int = 1

    @classmethod
    def of(cls, settings: Settings) -> "KeyLimit | None":
        """None where keys have no limit."""
        if not settings.key_rate:
            return None
        return cls(settings.key_rate, settings.key_burst, settings.key_machines)

    @property
    def burst_here(self) -> int:
        """At least one, or a key could never ask this machine anything."""
        return max(1, self.burst // self.machines)

    @property
    def interval_us(self) -> int:
        """After this many microseconds this machine has a token more."""
        return max(1, round(1_000_000 * self.machines / self.rate))

    @property
    def refill_us(self) -> int:
        """After this long without a request the bucket is full again."""
        return self.burst_here * self.interval_us

    @property
    def refill_s(self) -> int:
        """The same in whole seconds, rounded up."""
        return -(-self.refill_us // 1_000_000)
