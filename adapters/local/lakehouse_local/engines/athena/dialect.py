"""Athena's DML (Trino's SQL) as sqlglot parses it, and DuckDB's as it is generated.

The parser knows no functions: each call stays as it was written, so that the list of functions decides.
"""

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.parsers.trino import TrinoParser

_KEPT = {"CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "LISTAGG"}


class TypedLiteral(exp.Expression):
    """``DATE '2020-01-01'``, ``DECIMAL '0.10'``: a type and its text."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "to": True}


class Call(exp.Expression):
    """A template of DuckDB's SQL with holes for ``expressions``."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "expressions": False}


def _typed_literal(_: Any, this: Any, kind: Any) -> TypedLiteral:
    return TypedLiteral(this=this, to=kind)


class AthenaParser(TrinoParser):
    """Trino's grammar without functions of its own."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser for name, parser in TrinoParser.FUNCTION_PARSERS.items() if name in _KEPT
    }
    TYPE_LITERAL_PARSERS: ClassVar[dict[Any, Any]] = dict.fromkeys((exp.DType.DATE, exp.DType.TIME, exp.DType.TIMETZ, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.DECIMAL, exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT, exp.DType.TINYINT, exp.DType.DOUBLE, exp.DType.FLOAT, exp.DType.VARCHAR, exp.DType.CHAR, exp.DType.JSON, exp.DType.BOOLEAN, exp.DType.VARBINARY), _typed_literal)  # fmt: skip


class AthenaSql(Trino):
    """What users write."""

    class Tokenizer(Trino.Tokenizer):
        """Every statement in tokens: nothing is taken for a command whose rest is opaque."""

        COMMANDS: ClassVar[set[Any]] = set()

    Parser = AthenaParser


class _Generator(DuckDBGenerator):
    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **DuckDBGenerator.TRANSFORMS,
        Call: lambda self, call: call.this.format(*(self.sql(each) for each in call.expressions)),
    }


class Target(DuckDB):
    """What DuckDB gets."""

    Generator = _Generator


def generate(tree: exp.Expr) -> str:
    """DuckDB's SQL; every name is quoted."""
    return tree.sql(dialect=Target, identify=True, normalize_functions=False, comments=False)
