"""What Trino refuses to compare or to add up and DuckDB casts in silence: a text with a number, a date with a text.

Words: Trino's ``Cannot apply operator``, which names operand types and takes ``<>`` for ``=`` and ``>`` for ``<``. What
cannot be told from the text and the catalog's types alone (a column that a subquery computes) is left to DuckDB.
"""

from collections.abc import Iterable, Mapping

from sqlglot import exp

from lakehouse_local.engines.athena.dialect import TypedLiteral
from lakehouse_local.engines.athena.errors import QueryFailed, at
from lakehouse_local.engines.athena.expressions import position
from lakehouse_local.engines.athena.hive_types import HiveType
from lakehouse_local.engines.athena.model import Table

_SYMBOLS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "=",
    exp.LT: "<",
    exp.GT: "<",
    exp.LTE: "<=",
    exp.GTE: "<=",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
_FAMILIES = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "real", "double", "decimal"), "number"),
    **dict.fromkeys(("varchar", "char"), "text"),
    **dict.fromkeys(("date", "timestamp"), "time"),
    "boolean": "boolean",
}
_CASTS = {
    exp.DType.TINYINT: "tinyint",
    exp.DType.SMALLINT: "smallint",
    exp.DType.INT: "integer",
    exp.DType.BIGINT: "bigint",
    exp.DType.DOUBLE: "double",
    exp.DType.FLOAT: "real",
    exp.DType.DECIMAL: "decimal",
    exp.DType.VARCHAR: "varchar",
    exp.DType.TEXT: "varchar",
    exp.DType.CHAR: "char",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp(3)",
}
_LARGEST_INTEGER = 2**31 - 1


def column_types(tables: Iterable[Table], tree: exp.Query) -> dict[str, HiveType]:
    """The types of columns whose name means one type in the whole query."""
    found: dict[str, HiveType | None] = {}
    for table in tables:
        for column in table.all_columns:
            found[column.name] = column.type if found.get(column.name, column.type) == column.type else None
    hidden = {alias.alias.lower() for alias in tree.find_all(exp.Alias)}
    hidden |= {name.name.lower() for alias in tree.find_all(exp.TableAlias) for name in alias.args.get("columns") or ()}
    return {name: kind for name, kind in found.items() if kind is not None and name not in hidden}


def check(tree: exp.Query, columns: Mapping[str, HiveType]) -> None:
    """QueryFailed (TYPE_MISMATCH) for the first operator in the text that Trino has not for its operands."""
    for node in tree.walk():
        if isinstance(node, exp.Binary) and (symbol := _SYMBOLS.get(type(node))):
            left, right = _type(node.this, columns), _type(node.expression, columns)
            if _apart(left, right, arithmetic=isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod)):
                raise _refused(node, f"Cannot apply operator: {left} {symbol} {right}")
        elif isinstance(node, exp.Between):
            kinds = [_type(node.args[part], columns) for part in ("this", "low", "high")]
            if any(_apart(kinds[0], kind) for kind in kinds[1:]):
                raise _refused(node, f"Cannot check if {kinds[0]} is BETWEEN {kinds[1]} and {kinds[2]}")
        elif isinstance(node, exp.In):
            value = _type(node.this, columns)
            if any(_apart(value, _type(item, columns)) for item in node.expressions):
                raise _refused(node, f"IN value and list items must be the same type: {value}")


def _apart(left: str | None, right: str | None, *, arithmetic: bool = False) -> bool:
    """Whether there is no operator for such a pair."""
    one, other = _family(left), _family(right)
    if one is None or other is None:
        return False
    return one != other or (arithmetic and one in {"text", "boolean"})


def _family(kind: str | None) -> str | None:
    return None if kind is None else _FAMILIES.get(kind.partition("(")[0])


def _refused(node: exp.Expr, words: str) -> QueryFailed:
    return QueryFailed(f"TYPE_MISMATCH: {at(position(node))}{words}", hint="CAST one side to the other's type")


def _type(node: exp.Expr | None, columns: Mapping[str, HiveType]) -> str | None:  # noqa: PLR0911 - one branch a kind
    """An expression's type in Trino's words; None if it cannot be told."""
    if isinstance(node, exp.Paren | exp.Neg):
        return _type(node.this, columns)
    if isinstance(node, exp.Column):
        found = columns.get(node.name.lower())
        return found.trino if found else None
    if isinstance(node, exp.Literal):
        if node.is_string:
            return f"varchar({len(node.name)})"
        if node.name.isdigit():
            return "integer" if int(node.name) <= _LARGEST_INTEGER else "bigint"
        return "double" if "e" in node.name.lower() else "decimal"
    if isinstance(node, exp.Boolean):
        return "boolean"
    if isinstance(node, TypedLiteral):
        return _CASTS.get(node.args["to"].this)
    if isinstance(node, exp.Cast):
        return _CASTS.get(node.to.this)
    if isinstance(node, exp.DPipe):
        return "varchar" if "varchar" in (_plain(node.this, columns), _plain(node.expression, columns)) else None
    return "date" if isinstance(node, exp.CurrentDate) else None


def _plain(node: exp.Expr | None, columns: Mapping[str, HiveType]) -> str | None:
    kind = _type(node, columns)
    return kind.partition("(")[0] if kind else None
