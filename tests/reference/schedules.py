"""When a trader wakes up by itself (MODEL 3)."""

from proteus.market.events import schedule
from proteus.market.rng import STREAM_SCHEDULE, exponential, uniform
from tests.reference.draws import Draws, ns

NS_PER_S = 1_000_000_000
WAKE, PHASE = 0, 1  # blocks of the stream


class Schedule:
    """Wake-ups 0, 1, 2, ... of one trader; times are asked for in this order."""

    def __init__(self, law: schedule.Schedule, draws: Draws, entity: int, slot_ns: int = 0) -> None:
        self.law, self.draws, self.entity, self.slot_ns = law, draws, entity, slot_ns
        self.gap_ns = NS_PER_S / law.rate_per_s if law.rate_per_s else 0.0
        self.anchor_ns = 0  # the last wake-up, before jitter

    def wake(self, number: int) -> int | None:
        """The time of a wake-up, or None if there is none."""
        if self.law.law == "none":
            return None
        if self.law.law == "before_slots":
            return (number + 1) * self.slot_ns - ns(self.law.lead_ms or 0)
        if self.law.law == "periodic":
            return self.periodic(number)
        return self.poisson(number)

    def periodic(self, number: int) -> int:
        """A random phase, then whole periods, each wake-up moved by up to the jitter."""
        if number == 0:
            phase = uniform(self.draws.words(STREAM_SCHEDULE, self.entity, 0, PHASE)[0])
            self.anchor_ns = int(phase * self.gap_ns)
            return self.anchor_ns
        self.anchor_ns += int(self.gap_ns)
        share = uniform(self.draws.words(STREAM_SCHEDULE, self.entity, number, WAKE)[0])
        return self.anchor_ns + int((2.0 * share - 1.0) * (self.gap_ns * self.law.jitter))

    def poisson(self, number: int) -> int:
        """Exponential gaps; in a cluster short ones, and the others longer to keep the rate."""
        words = self.draws.words(STREAM_SCHEDULE, self.entity, number, WAKE)
        mean, chance = self.gap_ns, self.law.cluster_probability
        if chance > 0.0:
            short = float(ns(self.law.cluster_gap_ms))
            clustered = uniform(words[1]) < chance
            mean = short if clustered else (mean - chance * short) / (1.0 - chance)
        self.anchor_ns += max(int(exponential(words[0]) * mean), 1)
        return self.anchor_ns
