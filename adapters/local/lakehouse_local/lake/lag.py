"""How far a layer is behind the source, in bytes of its write-ahead log and in seconds."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lag:
    """``bytes`` of WAL that the source wrote and the layer does not have; ``seconds`` since the source stood there.

    Both are 0 where nothing is missing, and None where it is not known. The WAL also holds what is nobody's change.
    """

    bytes: int | None = None
    seconds: float | None = None


@dataclass
class Positions:
    """Where the source stood at each look (LSN, seconds on a steady clock), and where bronze stands now.

    Looks tell the time of an LSN, which the WAL itself does not: a lag in seconds is as exact as they are frequent, and
    at least the time since ``began`` for what was written before the first.
    """

    began: float
    bronze: int | None = None
    _looks: list[tuple[int, float]] = field(default_factory=list)

    def saw(self, source: int | None, now: float) -> None:
        """Note where the source stands; None if it did not answer."""
        if source is None:
            return
        if self._looks and self._looks[-1][0] == source:
            # It stood here until now.
            self._looks.pop()
        self._looks.append((source, now))

    def lag(self, position: int | None, now: float) -> Lag:
        """How far a layer that has everything below that LSN is behind."""
        if position is None or not self._looks:
            return Lag()
        source = self._looks[-1][0]
        if position >= source:
            return Lag(0, 0.0)
        reached = max((at for lsn, at in self._looks if lsn <= position), default=self.began)
        return Lag(source - position, now - reached)

    def forget(self, position: int) -> None:
        """Drop the looks that no layer needs any more: those before the last one at or below that LSN."""
        below = sum(lsn <= position for lsn, _ in self._looks)
        del self._looks[: max(0, below - 1)]
