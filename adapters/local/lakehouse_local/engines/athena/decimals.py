"""Exact numbers: Trino divides and averages decimals to decimals, DuckDB to doubles.

Precision and scale follow Trino's rules (documentation, "Decimal functions and operators"). What cannot be told from the
text and the catalog's types alone (a column that a subquery computes) stays unknown, and DuckDB's double.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlglot import exp

from lakehouse_local.engines.athena.dialect import TypedLiteral
from lakehouse_local.engines.athena.hive_types import HiveType

_WIDEST = 38
_WHOLE = {"tinyint": 3, "smallint": 5, "int": 10, "integer": 10, "bigint": 19}
_WHOLE_CASTS = {exp.DType.TINYINT: 3, exp.DType.SMALLINT: 5, exp.DType.INT: 10, exp.DType.BIGINT: 19}
_SAME = {"min", "max", "avg", "coalesce", "nullif", "abs", "arbitrary", "any_value"}


class Number(NamedTuple):
    """An exact number's type; ``decimal`` is false for integers."""

    precision: int
    scale: int
    decimal: bool


def columns(types: Mapping[str, HiveType]) -> dict[str, Number]:
    """The columns of exact numbers among columns of known types."""
    return {name: number for name, kind in types.items() if (number := _number(kind))}


def _number(kind: HiveType) -> Number | None:
    if kind.name in _WHOLE:
        return Number(_WHOLE[kind.name], 0, decimal=False)
    if kind.name == "decimal":
        precision, scale = (*kind.arguments, *(10, 0)[len(kind.arguments) :])
        return Number(precision, scale, decimal=True)
    return None


def of(node: exp.Expr | None, known: Mapping[str, Number]) -> Number | None:  # noqa: PLR0911 - one branch a kind
    """The exact type of an expression; None if it has none or cannot be told."""
    if isinstance(node, exp.Paren | exp.Neg):
        return of(node.this, known)
    if isinstance(node, exp.Filter | exp.Window):
        return of(node.this, known)
    if isinstance(node, exp.Column):
        return known.get(node.name.lower())
    if isinstance(node, exp.Literal):
        return _literal(node)
    if isinstance(node, TypedLiteral) and node.args["to"].this is exp.DType.DECIMAL:
        whole, _, fraction = node.this.name.strip().lstrip("+-").partition(".")
        return Number(max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction), decimal=True)
    if isinstance(node, exp.Cast):
        return _cast(node.to)
    if isinstance(node, exp.Anonymous):
        return _function(node, known)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div):
        left, right = of(node.this, known), of(node.expression, known)
        return _operation(node, left, right) if left and right else None
    return None


def _literal(node: exp.Literal) -> Number | None:
    if node.is_string or "e" in node.name.lower():
        return None
    whole, point, _ = node.name.partition(".")
    if point:  # a double: Athena's decimals are written DECIMAL '0.10'
        return None
    return Number(10 if len(whole) < 10 else 19, 0, decimal=False)


def _cast(kind: exp.DataType) -> Number | None:
    if kind.this in _WHOLE_CASTS:
        return Number(_WHOLE_CASTS[kind.this], 0, decimal=False)
    if kind.this is exp.DType.DECIMAL:
        numbers = [int(parameter.name) for parameter in kind.expressions] or [_WIDEST]
        return Number(numbers[0], numbers[1] if len(numbers) > 1 else 0, decimal=True)
    return None


def _function(node: exp.Anonymous, known: Mapping[str, Number]) -> Number | None:
    name = node.name.lower()
    if name in {"count", "count_if", "approx_distinct"}:
        return Number(19, 0, decimal=False)
    argument = node.expressions[0] if node.expressions else None
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    inside = of(argument, known)
    if inside is None:
        return None
    if name == "sum":
        return Number(_WIDEST, inside.scale, decimal=True) if inside.decimal else Number(19, 0, decimal=False)
    if name == "avg" and not inside.decimal:
        return None
    return inside if name in _SAME else None


def _operation(node: exp.Binary, left: Number, right: Number) -> Number:
    if not left.decimal and not right.decimal:
        return Number(max(left.precision, right.precision), 0, decimal=False)
    scale = max(left.scale, right.scale)
    if isinstance(node, exp.Mul):
        return Number(min(_WIDEST, left.precision + right.precision), left.scale + right.scale, decimal=True)
    if isinstance(node, exp.Div):
        precision = left.precision + right.scale + max(0, right.scale - left.scale)
        return Number(min(_WIDEST, precision), scale, decimal=True)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    return Number(min(_WIDEST, whole + scale + 1), scale, decimal=True)
