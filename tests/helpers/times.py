"""Times as the coordinates of a dataset have them."""

import numpy as np


def milliseconds(*times: int) -> np.ndarray:
    """Return whole numbers of ms as timedelta64[ns]."""
    return np.array(times, "timedelta64[ms]").astype("timedelta64[ns]")
