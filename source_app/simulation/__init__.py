"""Business days played through the Django application, with a virtual clock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

from source_app.database import connected, read_clock, read_stamp, setup
from source_app.errors import InvalidRequest, NotSeeded
from source_app.generate.defects import Manifest
from source_app.progress import Progress


@dataclass(frozen=True)
class Simulated:
    """What was played: times ISO 8601 in UTC, how often each kind of thing happened, which defects were planted."""

    days: int
    clock_from: str
    clock_to: str
    counts: Mapping[str, int]
    planted: Manifest

    def summary(self) -> str:
        """A paragraph for a person."""
        happened = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in self.counts.items())
        return f"played {self.days} business days, {self.clock_from[:10]} to {self.clock_to[:10]}: {happened}"

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def simulate(dsn: str, days: int, seed: int, progress: Progress) -> Simulated:
    """Play business days from where the database's clock stands; they follow from its rows, the seed and the date.

    Args:
        dsn: of the application's role.
        days: how many, from 1.
        seed: any number; another one gives other days.
        progress: called with (what, done, of how many).

    Raises:
        NotSeeded: the database holds no business.
        InvalidRequest: fewer than one day.
    """
    if days < 1:
        raise InvalidRequest(f"{days} days cannot be played", "--days 3")
    setup()
    from source_app.simulation import program  # noqa: PLC0415 - its models need the settings

    with connected(dsn):
        start = read_clock()
        if start is None or read_stamp() is None:
            raise NotSeeded("the database holds no business to go on with", "lakehouse seed")
        counts: dict[str, int] = {}
        planted: Manifest = {}
        for number in range(days):
            played = program.play(start + timedelta(days=number), seed, progress)
            for kind, count in played.counts.items():
                counts[kind] = counts.get(kind, 0) + count
            for rule, rows in played.planted.items():
                planted.setdefault(rule, []).extend(rows)
    end = start + timedelta(days=days)
    return Simulated(
        days,
        start.isoformat(),
        end.isoformat(),
        {kind: counts[kind] for kind in sorted(counts) if counts[kind]},
        planted,
    )


__all__ = ["Simulated", "simulate"]
