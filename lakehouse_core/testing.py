"""For tests of your own: two frames compared cell by cell, with a message that shows which cells are wrong."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import isnan
from typing import Any, NamedTuple

from pyspark.sql import DataFrame, Row

from lakehouse_core.errors import ContractBroken

SHOWN = 10
"""Rows that a message shows; the others are counted."""

_WRONG, _RIGHT = "> ", "  "
_ABSENT = "(no such column)"
_NO_ROW = "(no row)"


class _Pair(NamedTuple):
    """A row of each side; None where a side has none."""

    actual: Row | None
    expected: Row | None


def assert_frames_equal(
    actual: DataFrame, expected: DataFrame, key: Sequence[str] = (), *, tolerance: float | Decimal = 0
) -> None:
    """Fail unless both frames have the same columns, of the same types and in the same order, and the same rows.

    The order of rows does not matter, their number does. NULL equals NULL and nothing else, NaN equals NaN. Whether a
    column may be NULL is not compared: it is Spark's guess. Both frames are collected.

    Args:
        actual: what was computed.
        expected: what it should be.
        key: the columns that name a row; rows are then shown beside their namesakes. Without it, rows that have no
            equal are shown beside each other in their order.
        tolerance: how far two numbers may lie apart.

    Raises:
        AssertionError: columns differ (they come first), or rows do; each wrong cell is marked.
        ContractBroken: a key column is absent, or two rows of one frame have one key.
    """
    __tracebackhide__ = True
    if wrong := _schema_difference(actual, expected):
        raise AssertionError(wrong)
    pairs = _pairs(actual.collect(), expected.collect(), tuple(key), actual.columns)
    different = [pair for pair in pairs if not _same_rows(pair, tolerance)]
    if different:
        raise AssertionError("\n".join(_message(different, len(pairs), tuple(key), actual.columns, tolerance)))


def _schema_difference(actual: DataFrame, expected: DataFrame) -> str | None:
    left, right = dict(actual.dtypes), dict(expected.dtypes)
    if actual.dtypes == expected.dtypes:
        return None
    if left == right and len(actual.columns) == len(left):
        return "the columns stand in another order" + "".join(
            f"\n  {side:8}  {', '.join(frame.columns)}" for side, frame in (("actual", actual), ("expected", expected))
        )
    names = [*left, *(name for name in right if name not in left)]
    lines = [
        (
            _RIGHT if left.get(name) == right.get(name) else _WRONG,
            name,
            left.get(name, _ABSENT),
            right.get(name, _ABSENT),
        )
        for name in names
    ]
    return "\n".join(("the columns differ", *_side_by_side(lines)))


def _pairs(actual: list[Row], expected: list[Row], key: tuple[str, ...], columns: list[str]) -> list[_Pair]:
    if not key:
        return _unkeyed(actual, expected)
    if absent := [name for name in key if name not in columns]:
        raise ContractBroken(
            f"the key column {', '.join(absent)} is not there; there are {', '.join(columns)}", hint="name others"
        )
    left, right = _by_key("actual", actual, key), _by_key("expected", expected, key)
    return [_Pair(left.get(name), right.get(name)) for name in [*right, *(name for name in left if name not in right)]]


def _by_key(side: str, rows: list[Row], key: tuple[str, ...]) -> dict[Hashable, Row]:
    found: dict[Hashable, Row] = {}
    for row in rows:
        name = tuple(_plain(row[column]) for column in key)
        if name in found:
            shown = ", ".join(f"{column} = {row[column]!r}" for column in key)
            raise ContractBroken(f"{side} has two rows of the key {shown}", hint="name more key columns, or none")
        found[name] = row
    return found


def _unkeyed(actual: list[Row], expected: list[Row]) -> list[_Pair]:
    """Equal rows with each other, then the others in their order."""
    equal = Counter(map(_plain, actual)) & Counter(map(_plain, expected))
    left, right = _without(actual, equal), _without(expected, equal)
    same = [_Pair(row, row) for row in actual[: len(actual) - len(left)]]
    length = max(len(left), len(right))
    pad: list[Row | None] = [None] * length
    return same + [_Pair(*both) for both in zip([*left, *pad][:length], [*right, *pad][:length], strict=True)]


def _without(rows: list[Row], taken: Counter[Hashable]) -> list[Row]:
    left, rest = taken.copy(), []
    for row in rows:
        if left[_plain(row)]:
            left[_plain(row)] -= 1
        else:
            rest.append(row)
    return sorted(rest, key=repr)


def _same_rows(pair: _Pair, tolerance: float | Decimal) -> bool:
    if pair.actual is None or pair.expected is None:
        return False
    return all(_same(*cells, tolerance) for cells in zip(pair.actual, pair.expected, strict=True))


def _same(left: Any, right: Any, tolerance: float | Decimal) -> bool:
    if tolerance and _is_number(left) and _is_number(right) and not (_is_nan(left) or _is_nan(right)):
        return left == right or abs(Decimal(left) - Decimal(right)) <= Decimal(tolerance)
    return _plain(left) == _plain(right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and isnan(value)


def _plain(value: Any) -> Hashable:
    """The value as one that can be a key and that equals itself: rows, lists and maps as tuples, NaN as text."""
    match value:
        case Row() | list() | tuple():
            return tuple(map(_plain, value))
        case Mapping():
            return frozenset((_plain(name), _plain(each)) for name, each in value.items())
        case float() if isnan(value):
            return "NaN"
        case bytearray():
            return bytes(value)
        case _:
            hashable: Hashable = value
            return hashable


def _message(
    different: list[_Pair], rows: int, key: tuple[str, ...], columns: list[str], tolerance: float | Decimal
) -> Iterator[str]:
    yield f"{len(different):,} of {rows:,} rows differ"
    for pair in different[:SHOWN]:
        some = pair.actual if pair.actual is not None else pair.expected
        named = some if some is not None else Row()
        yield "\n" + (", ".join(f"{name} = {named[name]!r}" for name in key) or "a row")
        yield from _side_by_side([_cells(pair, index, name, tolerance) for index, name in enumerate(columns)])
    if len(different) > SHOWN:
        yield f"\n... and {len(different) - SHOWN:,} rows more"


def _cells(pair: _Pair, index: int, name: str, tolerance: float | Decimal) -> tuple[str, str, str, str]:
    left = _NO_ROW if pair.actual is None else repr(pair.actual[index])
    right = _NO_ROW if pair.expected is None else repr(pair.expected[index])
    if pair.actual is None or pair.expected is None:
        return _WRONG, name, left, right
    same = _same(pair.actual[index], pair.expected[index], tolerance)
    return _RIGHT if same else _WRONG, name, left, right


def _side_by_side(lines: list[tuple[str, str, str, str]]) -> list[str]:
    """(mark, column, actual, expected) under a head, in columns as wide as their widest cell."""
    named = [(_RIGHT, "column", "actual", "expected"), *lines]
    first, second = (max(len(line[place]) for line in named) for place in (1, 2))
    return [f"{mark}{name:{first}}  {left:{second}}  {right}" for mark, name, left, right in named]


__all__ = ["assert_frames_equal"]
