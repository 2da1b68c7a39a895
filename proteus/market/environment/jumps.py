"""When the next jump of the news comes, and how large it is: as usual, or in bursts of news.

Without bursts jump k has gap and size k. In a burst of factor f > 1 further jumps come on top, by a
Poisson process of their own with f - 1 times the rate and sizes of the same law; in one of f < 1 a
jump is left out with probability 1 - f. Jumps outside of bursts keep their times and sizes. What a
design of seeds changes (``masks``) are the usual draws; further ones are the same in every design.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.environment.masks import mask_of_jump
from proteus.market.events.queue import NEVER_NS
from proteus.market.events.windows import time_of
from proteus.market.rng import (
    ENTITY_MARKET,
    STREAM_NEWS_FURTHER_SIZE,
    STREAM_NEWS_FURTHER_TIME,
    STREAM_NEWS_JUMP_SIZE,
    STREAM_NEWS_JUMP_TIME,
    STREAM_NEWS_THINNED,
    exponential,
    normal,
    philox,
    uniform,
)


@inline_kernel
def start_jumps(news, parameters, key0, key1, lane):
    """Expect the first jump. The news, parameters, keys and lane are those of ``start_news``."""
    news.usual[lane], news.further[lane] = 0, 0
    news.usual_ns[lane], news.amount[lane] = 0, 0.0
    _expect_usual(news, parameters, key0, key1, lane)
    _expect_further(news, parameters, key0, key1, lane)


@inline_kernel
def take_jump(news, parameters, key0, key1, lane):
    """Return the size of the jump that is expected, and expect the one after it."""
    if news.usual_ns[lane] <= news.further_ns[lane]:
        number = news.usual[lane]
        size = jump_size(news, parameters.jump_law, key0, key1, lane, number)
        news.usual[lane] = number + 1
        _expect_usual(news, parameters, key0, key1, lane)
    else:
        number = news.further[lane]
        words = philox(key0, key1, STREAM_NEWS_FURTHER_SIZE, ENTITY_MARKET, number, 0)
        size = _size(parameters.jump_law, words[0], words[1])
        news.further[lane] = number + 1
        _expect_further(news, parameters, key0, key1, lane)
    news.next_jump_ns[lane] = min(news.usual_ns[lane], news.further_ns[lane])
    return size


@inline_kernel
def _expect_usual(news, parameters, key0, key1, lane):
    """Find the next jump that comes as usual and is not left out."""
    while True:
        number = news.usual[lane]
        news.usual_ns[lane] += _jump_gap_ns(news, key0, key1, lane, number, parameters.jump_gap_ns)
        if not _is_left_out(parameters, key0, key1, number, news.usual_ns[lane]):
            break
        news.usual[lane] = number + 1
    news.next_jump_ns[lane] = news.usual_ns[lane]


@inline_kernel
def _is_left_out(parameters, key0, key1, number, time):
    for b in range(parameters.burst_begin_ns.shape[0]):
        if parameters.burst_begin_ns[b] <= time < parameters.burst_end_ns[b]:
            word = philox(key0, key1, STREAM_NEWS_THINNED, ENTITY_MARKET, number, 0)[0]
            return uniform(word) >= parameters.burst_factor[b]
    return False


@inline_kernel
def _expect_further(news, parameters, key0, key1, lane):
    """Find the next jump that comes on top."""
    news.further_ns[lane] = NEVER_NS
    if parameters.burst_factor.shape[0] > 0:
        number = news.further[lane]
        word = philox(key0, key1, STREAM_NEWS_FURTHER_TIME, ENTITY_MARKET, number, 0)[0]
        news.amount[lane] += exponential(word)
        news.further_ns[lane] = time_of(
            parameters.burst_begin_ns, parameters.burst_end_ns, parameters.burst_further,
            news.amount[lane],
        )  # fmt: skip
    news.next_jump_ns[lane] = min(news.usual_ns[lane], news.further_ns[lane])


@inline_kernel
def jump_size(news, jump_law, key0, key1, lane, number):
    """Draw a usual jump from the mixture: word 0 chooses the component, word 1 the size."""
    words = philox(key0, key1, STREAM_NEWS_JUMP_SIZE, ENTITY_MARKET, number, 0)
    column = mask_of_jump(number)
    chosen = np.uint32(words[0] ^ news.masks[lane, column + 1])
    return _size(jump_law, chosen, np.uint32(words[1] ^ news.masks[lane, column + 2]))


@inline_kernel
def _size(jump_law, chosen, word):
    u, component = uniform(chosen), 0
    while component < jump_law.shape[0] - 1 and u >= jump_law[component, 0]:
        component += 1
    return jump_law[component, 1] + jump_law[component, 2] * normal(word)


@inline_kernel
def _jump_gap_ns(news, key0, key1, lane, number, mean_ns):
    """Draw the exponential gap before a jump, at least 1 ns; NEVER_NS when the mean is infinite."""
    word = philox(key0, key1, STREAM_NEWS_JUMP_TIME, ENTITY_MARKET, number, 0)[0]
    drawn = exponential(np.uint32(word ^ news.masks[lane, mask_of_jump(number)]))
    return max(np.int64(min(drawn * mean_ns, np.float64(NEVER_NS))), 1)
