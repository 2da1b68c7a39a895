"""All faults, in the order of the page ``docs/faults.md``.

The old text stands exactly once in its file (``tests/unit/house/test_faults.py``); who changes the
line changes the row. A fault is a mistake that somebody could make, not a syntax error.
"""

from tests.faults.added import ADDED
from tests.faults.arena import ARENA
from tests.faults.constraints import CONSTRAINTS
from tests.faults.costs import COSTS
from tests.faults.credit import CREDIT, LIQUIDATIONS, LOOKS, SETTLED_CREDIT, SWEEP
from tests.faults.designs import DESIGNS
from tests.faults.environment import ENVIRONMENT
from tests.faults.envs import ENVS
from tests.faults.fit import FIT
from tests.faults.gas import GAS
from tests.faults.incentives import INCENTIVES
from tests.faults.lab import LAB
from tests.faults.lending import LENDING
from tests.faults.loans import LOANS
from tests.faults.markets import MEASURES, VENUE
from tests.faults.mechanisms import BATCHES, BOOKS
from tests.faults.memory import MEMORY
from tests.faults.panels import PANELS
from tests.faults.readers import READERS
from tests.faults.requests import REQUESTS
from tests.faults.rules import SAID
from tests.faults.settled_capital import SETTLED_CAPITAL
from tests.faults.settlement import SETTLEMENT
from tests.faults.spoofing import SPOOFING
from tests.faults.stress import STRESS
from tests.faults.traders import TRADERS
from tests.faults.trajectories import TRAJECTORIES

FAULTS = (
    *BOOKS, *BATCHES, *VENUE, *TRADERS, *MEASURES, *REQUESTS, *COSTS, *SETTLEMENT, *INCENTIVES,
    *ENVIRONMENT, *ADDED, *LAB, *CONSTRAINTS, *SETTLED_CAPITAL, *MEMORY, *GAS, *ENVS, *LENDING,
    *TRAJECTORIES, *READERS, *ARENA, *DESIGNS, *STRESS, *CREDIT, *LOANS,
    *LIQUIDATIONS, *SPOOFING,
    *PANELS, *SAID, *LOOKS, *FIT, *SETTLED_CREDIT, *SWEEP,
)  # fmt: skip
