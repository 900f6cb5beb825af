"""What DESCRIBE and SHOW print, padded as Hive pads it."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse_local.engines.athena import ddl
from lakehouse_local.engines.athena.errors import Kind, QueryFailed
from lakehouse_local.services.athena.lines import Lines, column, failed, text

Document = Mapping[str, Any]
_WIDTH = 20


def shown(statement: ddl.Ddl, table: Document) -> Lines:
    """The statements that show one table."""
    if isinstance(statement, ddl.ShowColumns):
        return column("field", [f"{each['Name']:<{_WIDTH}}" for each in _all_columns(table)])
    if isinstance(statement, ddl.ShowProperties):
        return _properties(statement, table)
    if isinstance(statement, ddl.Describe):
        return _described(statement, table)
    if isinstance(statement, ddl.ShowCreate):
        return _created(statement, table)
    raise QueryFailed(f"NOT_SUPPORTED: {statement.substatement}", Kind.NOT_SUPPORTED)


def _all_columns(table: Document) -> list[Document]:
    return [*(table.get("StorageDescriptor") or {}).get("Columns", ()), *table.get("PartitionKeys", ())]


def _properties(statement: ddl.ShowProperties, table: Document) -> Lines:
    headings = (text("prpt_name"), text("prpt_value"))
    found = dict(table.get("Parameters", {}))
    if statement.name:
        value = found.get(statement.name)
        missing = f"Table {table['DatabaseName']}.{table['Name']} does not have property: {statement.name}"
        return Lines(headings, (f"{statement.name}\t{value}" if value is not None else missing,))
    return Lines(headings, tuple(f"{name}\t{value}" for name, value in found.items()))


def _described(statement: ddl.Describe, table: Document) -> Lines:
    """One padded string a row, and the partition keys once more in a part of their own."""
    headings = (text("col_name"), text("data_type"), text("comment"))

    def row(name: str, kind: str, comment: str) -> str:
        return f"{name:<{_WIDTH}}\t{kind:<{_WIDTH}}\t{comment:<{_WIDTH}}"

    columns = _all_columns(table)
    if statement.column:
        columns = [each for each in columns if each["Name"] == statement.column]
        if not columns:
            raise failed(f"SemanticException Invalid column reference {statement.column}")
    lines = [row(each["Name"], each.get("Type", "string"), each.get("Comment", "")) for each in columns]
    keys = table.get("PartitionKeys") or []
    if keys and not statement.column:
        lines += [
            row("", "", ""),
            row("# Partition Information", "", ""),
            row("# col_name", "data_type", "comment"),
            row("", "", ""),
            *(row(each["Name"], each.get("Type", "string"), each.get("Comment", "")) for each in keys),
        ]
    return Lines(headings, tuple(lines))


def _created(statement: ddl.ShowCreate, table: Document) -> Lines:
    view = table.get("TableType") == "VIRTUAL_VIEW"
    if statement.view:
        if not view:
            raise failed(f"SemanticException {table['Name']} is not a view")
        encoded = str(table.get("ViewOriginalText", "")).removeprefix("/* Presto View:").removesuffix("*/").strip()
        sql = json.loads(base64.b64decode(encoded))["originalSql"]
        name = ".".join(_shown(part) for part in (table["DatabaseName"], table["Name"]))
        return column("Create View", [f"CREATE VIEW {name} AS", *sql.split("\n")])
    if view:
        raise failed(f"SemanticException {table['Name']} is a view: SHOW CREATE VIEW")
    return column("createtab_stmt", _statement(table))


def _shown(name: str) -> str:
    """A name as a query writes it: quoted where it has to be."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else f'"{name}"'


def _statement(table: Document) -> list[str]:
    storage = table["StorageDescriptor"]
    serde = storage.get("SerdeInfo", {})

    def quoted(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
        return "'" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + "'"

    def fields(columns: Sequence[Document]) -> list[str]:
        shown = [
            f"  `{each['Name']}` {each.get('Type', 'string')}"
            + (f" COMMENT {quoted(each['Comment'])}" if each.get("Comment") else "")
            for each in columns
        ]
        return [f"{line}, " for line in shown[:-1]] + [f"{shown[-1]})"] if shown else []

    def pairs(values: Mapping[str, str]) -> list[str]:
        shown = [f"  {quoted(name)}={quoted(value)}" for name, value in values.items()]
        return [f"{line}, " for line in shown[:-1]] + [f"{shown[-1]}) "] if shown else []

    lines = [f"CREATE EXTERNAL TABLE `{table['Name']}`(", *fields(storage.get("Columns", ()))]
    parameters = dict(table.get("Parameters", {}))
    parameters.pop("EXTERNAL", None)
    if comment := parameters.pop("comment", ""):
        lines.append(f"COMMENT {quoted(comment)}")
    if keys := table.get("PartitionKeys"):
        lines += ["PARTITIONED BY ( ", *fields(keys)]
    if clustered := storage.get("BucketColumns"):
        named = [f"  {each}, " for each in clustered[:-1]] + [f"  {clustered[-1]}) "]
        lines += ["CLUSTERED BY ( ", *named, f"INTO {storage['NumberOfBuckets']} BUCKETS"]
    lines += ["ROW FORMAT SERDE ", f"  {quoted(serde.get('SerializationLibrary', ''))} "]
    if serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", *pairs(serde["Parameters"])]
    lines += [
        "STORED AS INPUTFORMAT ", f"  {quoted(storage.get('InputFormat', ''))} ",
        "OUTPUTFORMAT ", f"  {quoted(storage.get('OutputFormat', ''))}",
        "LOCATION", f"  {quoted(storage.get('Location', ''))}",
    ]  # fmt: skip
    if parameters:
        lines += ["TBLPROPERTIES (", *pairs(parameters)]
    lines[-1] = lines[-1].rstrip()
    return lines
