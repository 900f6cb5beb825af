"""When things happen: hours of a day, days of a week, the season. Times are int64 microseconds since 1970 (UTC)."""

import numpy as np
import numpy.typing as npt

from source_app import history

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
START = int(history.START.timestamp()) * SECOND
END = int(history.END.timestamp()) * SECOND
DAYS = (END - START) // DAY

_WEEK = np.array([1.0, 1.05, 1.05, 1.0, 1.15, 0.75, 0.6])  # Monday to Sunday
_HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 11, 11, 11, 11, 12, 13, 14, 14, 12, 8, 4], dtype=float)


def day_weights() -> Floats:
    """How busy each day of the history is, relative to the others: week, spring sale, slow growth."""
    days = np.arange(DAYS)
    weekday = (history.START.weekday() + days) % 7
    season = 1 + 0.25 * np.sin(2 * np.pi * (days - 30) / 180) + 0.5 * ((days > 82) & (days < 90))
    return np.asarray(_WEEK[weekday] * season * (1 + 0.002 * days), dtype=np.float64)


def instants(rng: np.random.Generator, count: int, weights: Floats) -> Ints:
    """That many instants over the history, unordered, by the days' weights and the hours' rhythm."""
    day = rng.choice(DAYS, size=count, p=weights / weights.sum())
    hour = rng.choice(24, size=count, p=_HOURS / _HOURS.sum())
    return np.asarray(START + day * DAY + hour * HOUR + rng.integers(0, HOUR, count), dtype=np.int64)


def pick_existing(rng: np.random.Generator, at: Ints, born: Ints, weights: Floats) -> Ints:
    """For each instant one of the rows born by then (``born`` ascends), by weight; the first where there is none."""
    total = np.cumsum(weights)
    known = np.maximum(np.searchsorted(born, at, side="right"), 1)
    chosen = np.searchsorted(total, rng.random(len(at)) * total[known - 1], side="right")
    return np.asarray(np.minimum(chosen, known - 1), dtype=np.int64)
