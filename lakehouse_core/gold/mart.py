"""What a mart is: a name, a grain, its key, the frames that it needs and the pure function that builds it."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Measure:
    """One column of a mart for the glossary: its name, its unit and what it says."""

    column: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Mart:
    """One gold table.

    ``grain`` is one sentence; ``key`` the columns of that grain, unique together (NULL stands for "not known").
    ``build`` takes the frames named by ``inputs`` as keywords and ``as_of``, an aware datetime: the greatest business
    time taken in. A name in the plural is a reader's view of silver (current rows, contract and derived columns);
    ``<entity>_version`` has one row per captured version with the contract's columns, ``_op``, ``_position`` and
    ``_business_time``. ``measures`` are all columns that are not in the key, in their order.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    inputs: tuple[str, ...]
    build: Callable[..., DataFrame]
    measures: tuple[Measure, ...]
