"""Whole markets of mirrored seeds against the twin, which complements the words of streams."""

import numpy as np
import pytest

from proteus.market import rng
from proteus.market.setup.designs import ANTITHETIC, INTENTS, NEWS, NEWS_MASKS, Design, rows
from tests.helpers.cells import BY_ORDERS, ROOT, TINY, cell
from tests.helpers.twinning import EngineNews, assert_twin_of, engine_block
from tests.reference.draws import Draws

MIRRORED = {
    NEWS: (rng.STREAM_PAYOFF, rng.STREAM_NEWS_DIFFUSION, rng.STREAM_NEWS_JUMP_TIME,
           rng.STREAM_NEWS_JUMP_SIZE),
    INTENTS: (rng.STREAM_INTENT,),
}  # fmt: skip


@pytest.mark.plain
@pytest.mark.parametrize("streams", [(NEWS,), (INTENTS,), (NEWS, INTENTS)])
@pytest.mark.parametrize("mechanism", BY_ORDERS[:2])
def test_every_event_of_a_mirrored_seed_equals_the_twin(mechanism, streams):
    config, design = cell(f"mechanism={mechanism}", *TINY), Design(ANTITHETIC, streams)
    world = engine_block(config, 1, plain=True, design=design).world
    masks = rows(design, ROOT, np.array([1]))[0, NEWS_MASKS:]
    news = EngineNews(config, 0, masks=masks)  # a pair has the key of its first seed
    mirrored = tuple(stream for name in streams for stream in MIRRORED[name])
    twin = assert_twin_of(world, config, 1, news=news, draws=Draws(ROOT, 0, mirrored=mirrored))
    assert twin.fills > 0
