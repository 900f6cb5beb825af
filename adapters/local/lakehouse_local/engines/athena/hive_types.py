"""The Data Catalog's types (Hive's), in DuckDB's words and in Trino's."""

import re
from dataclasses import dataclass

_DUCKDB = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP",
    "decimal": "DECIMAL",
}
_TRINO = {
    "int": "integer",
    "float": "real",
    "string": "varchar",
    "binary": "varbinary",
    "timestamp": "timestamp(3)",
    "timestamp_ntz": "timestamp(3)",
}
_TOKEN = re.compile(r"\s*([A-Za-z_][\w$ ]*?(?=\s*[<(:,>)]|\s*$)|\d+|[<>(),:]|`[^`]*`|\"[^\"]*\")")


@dataclass(frozen=True)
class HiveType:
    """One type: ``name`` is array, map, struct or a plain one; ``arguments`` are a decimal's or a varchar's numbers."""

    name: str
    arguments: tuple[int, ...] = ()
    children: tuple["HiveType", ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def duckdb(self) -> str:
        """The same in DuckDB's words."""
        if self.name == "array":
            return f"{self.children[0].duckdb}[]"
        if self.name == "map":
            return f"MAP({self.children[0].duckdb}, {self.children[1].duckdb})"
        if self.name == "struct":
            pairs = zip(self.fields, self.children, strict=True)
            return "STRUCT(" + ", ".join(f"{_quoted(field)} {child.duckdb}" for field, child in pairs) + ")"
        if self.name == "decimal":
            precision, scale = (*self.arguments, *(10, 0)[len(self.arguments) :])
            return f"DECIMAL({precision}, {scale})"
        return _DUCKDB[self.name]

    @property
    def trino(self) -> str:
        """The same in Trino's words, as ``information_schema`` and DESCRIBE of a view have it."""
        if self.name == "array":
            return f"array({self.children[0].trino})"
        if self.name == "map":
            return f"map({self.children[0].trino}, {self.children[1].trino})"
        if self.name == "struct":
            pairs = zip(self.fields, self.children, strict=True)
            return "row(" + ", ".join(f"{field} {child.trino}" for field, child in pairs) + ")"
        if self.arguments:
            return f"{self.name}({','.join(map(str, self.arguments))})"
        return _TRINO.get(self.name, self.name)


class UnknownType(ValueError):
    """A type that the catalog has and no reader here."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def parse(text: str) -> HiveType:
    """A Hive type.

    >>> parse("struct<a:int,b:array<decimal(10,2)>>").duckdb
    'STRUCT("a" INTEGER, "b" DECIMAL(10, 2)[])'
    """
    tokens = [token.strip() for token in _TOKEN.findall(text)]
    found, rest = _parse(tokens, text)
    if rest:
        raise UnknownType(text)
    return found


def _parse(tokens: list[str], text: str) -> tuple[HiveType, list[str]]:
    if not tokens:
        raise UnknownType(text)
    name, rest = tokens[0].lower(), tokens[1:]
    if name in {"array", "map", "struct", "row"} and rest[:1] == ["<"]:
        children: list[HiveType] = []
        fields: list[str] = []
        while rest and rest[0] != ">":
            rest = rest[1:]
            if name in {"struct", "row"}:
                fields.append(rest[0].strip('`"').lower())
                rest = rest[2:]
            child, rest = _parse(rest, text)
            children.append(child)
        if not rest:
            raise UnknownType(text)
        return HiveType("struct" if name == "row" else name, (), tuple(children), tuple(fields)), rest[1:]
    if name not in _DUCKDB:
        raise UnknownType(text)
    arguments: list[int] = []
    if rest[:1] == ["("]:
        end = rest.index(")")
        arguments = [int(number) for number in rest[1:end] if number.isdecimal()]
        rest = rest[end + 1 :]
    return HiveType(name, tuple(arguments)), rest
