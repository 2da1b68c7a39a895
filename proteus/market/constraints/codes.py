"""What constraints are asked about, by number."""

from __future__ import annotations

# What an intent would become.
AS_ORDER = 0  # a new order, or the first version of a quote
AS_REPLACE = 1  # a standing quote moves to another price
AS_REDUCTION = 2  # a standing quote gets fewer lots: what limits messages lets it pass
AS_STANDING = 3  # a quote stands as it is wanted: no message, unless lots are cut
AS_REQUEST = 4
AS_QUOTE = 5  # for a request
AS_ACCEPTANCE = 6
AS_LAST_LOOK = 7  # a confirmation; of fewer lots there is none
