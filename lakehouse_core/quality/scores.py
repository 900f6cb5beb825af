"""How well the rules find what was planted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One rule: how many rows were planted for it, how many it found, how many of these are the same."""

    rule: str
    planted: int
    found: int
    hit: int

    @property
    def precision(self) -> float | None:
        """The share of what was found that was planted; None if nothing was found."""
        return self.hit / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of what was planted that was found; None if nothing was planted."""
        return self.hit / self.planted if self.planted else None


def score(found: Mapping[str, Collection[int]], planted: Mapping[str, Collection[int]]) -> tuple[Score, ...]:
    """One score per rule that found something or had something planted, by rule.

    Both mappings are rule -> keys of the rule's entity: what :func:`failures` found, what the seed's manifest says.

    >>> score({"a": [1, 2, 3]}, {"a": [2, 3, 4, 5]})[0].precision
    0.6666666666666666
    """
    return tuple(
        Score(
            rule,
            planted=len(set(planted.get(rule, ()))),
            found=len(set(found.get(rule, ()))),
            hit=len(set(planted.get(rule, ())) & set(found.get(rule, ()))),
        )
        for rule in sorted(found.keys() | planted.keys())
    )
