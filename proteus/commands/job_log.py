"""The log of a run: what Hydra's job logging says, written to ``sweep.log`` in the output folder.

Only the command line sets it up; in Python the loggers of ``proteus`` go where the caller's do.
"""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proteus.basics.versions import STAMP
from proteus.configuration import compose
from proteus.runs.folder import LOG

_log = logging.getLogger(__name__)


@contextmanager
def job_log(folder: Path) -> Iterator[None]:
    """Log into a folder that exists; afterwards logging is as it was."""
    tree = compose.job_logging()
    tree["handlers"]["file"]["filename"] = str(folder / LOG)
    root = logging.getLogger()
    handlers, level = [*root.handlers], root.level
    logging.config.dictConfig(tree)
    ours = [handler for handler in root.handlers if handler not in handlers]
    _log.info(STAMP)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for handler in ours:
            handler.close()
