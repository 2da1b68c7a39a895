"""Recorded messages of venues, whatever their files look like, as one table.

``open_recorded`` chooses a format of ``table.FORMATS`` and streams ``Events``; ``tracked`` follows
every order through them; ``orders_of`` makes of them what the message door takes. What each format
can say, and what it cannot, is in docs/data.md.
"""

from proteus.readers.reading import Reading
from proteus.readers.table import FORMATS, open_recorded

__all__ = ["FORMATS", "Reading", "open_recorded"]
