"""The order flow of zero intelligence in plain Python: a book of counts, one event after the other.

Source
    Smith, Farmer, Gillemot & Krishnamurthy (2003) Quantitative Finance 3:481, for the model.
"""

import heapq
import random

BID, ASK = 0, 1


class Flow:
    """A book of orders of one lot on ``n`` ticks, with mu = sigma = 1, so that delta is epsilon.

    A price far away holds alpha / delta orders, and so it begins. Of orders at one price the first
    trades; each knows when it will be cancelled, and those that have traded are passed over then.
    """

    def __init__(self, granularity, price_ticks, wide, seed):
        self.draw, self.now = random.Random(seed), 0.0
        self.delta, self.n = granularity, wide * price_ticks
        self.arriving = 2 * (self.n - 1) / price_ticks
        self.resting = [[[] for _ in range(self.n)] for _ in range(2)]  # numbers, oldest first
        self.ends, self.number = [], 0
        middle, near = self.n // 2, price_ticks // 2
        for price in range(1, self.n):
            if abs(price - middle) > near:
                for _ in range(int(1 / (price_ticks * granularity) + self.draw.random())):
                    self.add(BID if price < middle else ASK, price)
        self.best = [middle - near - 1, middle + near + 1]
        self.settle()

    def add(self, side, price):
        self.number += 1
        self.resting[side][price].append(self.number)
        end = self.now + self.draw.expovariate(self.delta)
        heapq.heappush(self.ends, (end, side, price, self.number))

    def settle(self):
        """Move the best prices outward to where something rests."""
        while not self.resting[BID][self.best[BID]]:
            self.best[BID] -= 1
        while not self.resting[ASK][self.best[ASK]]:
            self.best[ASK] += 1

    def arrive(self):
        if self.draw.random() * (self.arriving + 1) < 1:  # a market order
            side = self.draw.randrange(2)
            self.resting[side][self.best[side]].pop(0)
        else:
            side, price = self.draw.randrange(2), self.draw.randrange(1, self.n)
            if side == BID and price < self.best[ASK]:
                self.add(side, price)
                self.best[BID] = max(self.best[BID], price)
            elif side == ASK and price > self.best[BID]:
                self.add(side, price)
                self.best[ASK] = min(self.best[ASK], price)
        self.settle()

    def cancel(self):
        _, side, price, number = heapq.heappop(self.ends)
        if number in self.resting[side][price]:
            self.resting[side][price].remove(number)
            self.settle()

    def mean_spread(self, from_time, to_time):
        """Run to a time and return the mean spread since another, by time, in ticks."""
        total, following = 0.0, self.draw.expovariate(self.arriving + 1)
        while self.now < to_time:
            next_time = min(following, self.ends[0][0], to_time)
            since = max(self.now, from_time)
            total += (self.best[ASK] - self.best[BID]) * max(next_time - since, 0.0)
            self.now = next_time
            if next_time == following:
                self.arrive()
                following = self.now + self.draw.expovariate(self.arriving + 1)
            elif next_time < to_time:
                self.cancel()
        return total / (to_time - from_time)
