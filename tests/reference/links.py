"""How long a message takes between a trader and the venue, and in which order messages arrive."""

from math import exp

from proteus.market.events.latency import LatencyLaw
from proteus.market.rng import exponential, normal, uniform
from tests.reference.draws import Cause, ns


def delay(law: LatencyLaw, word: int) -> int:
    """Draw a latency in ns: at least 1, the fraction of a nanosecond cut off."""
    spread = float(ns(law.spread_ms))
    extra = {
        "constant": lambda: 0.0,
        "uniform": lambda: spread * uniform(word),
        "shifted_exponential": lambda: spread * exponential(word),
        "lognormal": lambda: spread * exp(law.shape * normal(word)),
    }[law.law]()
    return max(ns(law.base_ms) + int(extra), 1)


def slow_delay(law: LatencyLaw) -> int:
    """A latency that only a hundredth of the draws exceed, ns."""
    share = 0.01 if law.law == "shifted_exponential" else 0.99  # that law falls with its word
    return delay(law, int(share * 2**32))


class Link:
    """First in, first out: nothing arrives before what was sent earlier (MODEL 2)."""

    def __init__(self) -> None:
        self.last_ns = 0
        self.last_tie = Cause(0, 0)

    def arrival(self, time_ns: int) -> int:
        """The time at which something arrives that would arrive at this time by itself."""
        self.last_ns = max(self.last_ns, time_ns)
        return self.last_ns

    def arrival_and_tie(self, time_ns: int, tie: Cause) -> tuple[int, Cause]:
        """The same of a message: one that waits for the one before it arrives tied to that."""
        if time_ns > self.last_ns:
            self.last_tie = tie._replace(slot=0)
        return self.arrival(time_ns), self.last_tie
