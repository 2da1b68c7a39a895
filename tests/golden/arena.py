"""Write the golden table of the small season: ``python -m tests.golden.arena``."""

import tempfile
from pathlib import Path


def main() -> None:
    """Play the small season and write its table."""
    from tests.helpers.seasons import ALL
    from tests.unit.arena.test_season import GOLDEN, played, told

    with tempfile.TemporaryDirectory() as folder:
        GOLDEN.write_text(told(played(Path(folder), formats=[*ALL])))


if __name__ == "__main__":
    main()
