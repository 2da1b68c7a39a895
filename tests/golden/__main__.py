"""``make golden``: write anew the outcome of every scenario, what costs take, and days carry."""

from tests.golden import costs, episodes, loans
from tests.golden.stories import golden_path, names, read_story
from tests.golden.telling import outcome
from tests.helpers.cells import RULED

if __name__ == "__main__":
    for name in names():
        for mechanism in RULED:
            lines = outcome(read_story(name), mechanism)
            golden_path(name, mechanism).write_text("\n".join(lines) + "\n")
    for mechanism in RULED:
        costs.golden_path(mechanism).write_text("\n".join(costs.told(mechanism)) + "\n")
        episodes.golden_path(mechanism).write_text("\n".join(episodes.told(mechanism)) + "\n")
    for name in loans.names():
        for mechanism in loans.MECHANISMS:
            lines = loans.told(name, mechanism)
            loans.golden_path(name, mechanism).write_text("\n".join(lines) + "\n")
