"""How much of the chaos is asked for."""

import os

SHARE = float(os.environ.get("CHAOS_SHARE", "0.02"))
"""1 is what `make chaos` runs, `make test-all` a fiftieth of it."""


def share_of(full: int) -> range:
    """As many of the full figure as are asked for, at least one; the same seeds each time."""
    return range(max(1, round(full * SHARE)))
