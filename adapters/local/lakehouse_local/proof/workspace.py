# ruff: noqa: S608 - names and literals in the SQL are quoted by digest.py, and nobody else writes them
"""DuckDB relations over bronze and silver in which every column is the source's text."""

import csv
from collections.abc import Sequence
from pathlib import Path

import duckdb

from lakehouse_local.capture.debezium import DebeziumWire
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.proof import events
from lakehouse_local.proof.digest import Digest, duckdb_hash, literal, quoted, row_text
from lakehouse_local.proof.fold import NOT_SENT, Fold, Key
from lakehouse_local.proof.ledger import SHOWN
from lakehouse_local.proof.source import Published

MEMORY = "1500MB"
# No field holds U+0001 alone, so that nothing is read as NULL: the empty text stays what it is.
_CSV = "auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = chr(1), strict_mode = true"


class Workspace:
    """One proof's DuckDB; what it computes goes to ``folder`` when memory is short."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = duckdb.connect()
        spill = literal(str(folder / "spill"))
        for setting in (f"memory_limit = '{MEMORY}'", f"temp_directory = {spill}", "preserve_insertion_order = false"):
            self.connection.execute(f"set {setting}")

    def bronze(self, table: Published, loads: Sequence[Path], fold: Fold, manifest: Manifest) -> str:
        """A relation of the table's rows after load and changes, every column as text; ``manifest`` is the load's."""
        columns = [quoted(name) for name in table.columns]
        name = quoted(f"bronze {table.name}")
        load = quoted(f"load {table.name}")
        self.connection.execute(
            f"create view {load} as select {', '.join(columns)} from {self._loaded(table, loads, manifest)}"
        )
        changed, live = self._changed(table, fold)
        key = row_text([quoted(column) for column in table.key])
        kept = f"select {', '.join(columns)} from {load} where {key} not in (select key from {changed})"
        if fold.truncated:
            kept += " limit 0"
        self.connection.execute(f"create view {name} as ({kept}) union all {_resolved(table, load, live, fold)}")
        return name

    def _loaded(self, table: Published, paths: Sequence[Path], manifest: Manifest) -> str:
        if not paths:
            return f"(select {', '.join(f'null::varchar as {quoted(name)}' for name in table.columns)} limit 0)"
        if manifest.wire == DebeziumWire.name:
            return events.load_sql(table, paths)
        # Op and timestamp stand before the columns; AR_H_CHANGE_SEQ, the old key and AR_H_STREAM_POSITION after them.
        written = manifest.tables[table.name].columns
        cells = ["op ", "time ", *written, "seq ", *(f"old {at}" for at in range(len(table.key))), "position "]
        types = ", ".join(f"{literal(cell)}: 'VARCHAR'" for cell in cells)
        listed = ", ".join(literal(str(path)) for path in paths)
        header = manifest.layout != "transactions"
        return f"read_csv([{listed}], header = {header}, compression = 'gzip', {_CSV}, columns = {{{types}}})"

    def _changed(self, table: Published, fold: Fold) -> tuple[str, str]:
        changed, live = self.folder / f"{table.name}.changed.csv", self.folder / f"{table.name}.live.csv"
        with changed.open("w", newline="") as keys, live.open("w", newline="") as rows:
            key_writer, row_writer = csv.writer(keys, quoting=csv.QUOTE_ALL), csv.writer(rows, quoting=csv.QUOTE_ALL)
            for key, row in fold.changed.items():
                key_writer.writerow([_joined(key)])
                if row is not None:
                    origin = fold.origins.get(key)
                    row_writer.writerow(["\1" if origin is None else _joined(origin), *row])
        key_name, live_name = quoted(f"changed {table.name}"), quoted(f"live {table.name}")
        self._from_csv(key_name, changed, ["key"])
        self._from_csv(live_name, live, ["origin ", *table.columns])
        return key_name, live_name

    def _from_csv(self, name: str, path: Path, columns: Sequence[str]) -> None:
        types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
        self.connection.execute(
            f"create table {name} as from read_csv({literal(str(path))}, header = false, {_CSV}, columns = {{{types}}})"
        )

    def parquet(self, name: str, paths: Sequence[Path]) -> str:
        """A relation over Parquet files."""
        listed = ", ".join(literal(str(path)) for path in paths)
        source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        self.connection.execute(f"create view {quoted(name)} as from {source}")
        return quoted(name)

    def digest(self, relation: str, columns: Sequence[str]) -> Digest:
        """The fingerprint of a relation of texts."""
        text = row_text([quoted(name) for name in columns])
        ((rows, total),) = self.connection.execute(
            f"select count(*), coalesce(sum({duckdb_hash(text)}), 0)::varchar from {relation}"
        ).fetchall()
        return Digest(int(rows), int(total))

    def differences(self, hashes: Path, relation: str, table: Published, side: str) -> list[str]:
        """Up to ten keys whose rows differ between the source's hashes and a relation, with which side has what."""
        key, text = row_text([quoted(name) for name in table.key]), row_text([quoted(name) for name in table.columns])
        rows = self.connection.execute(
            f"with source as (select k, count(*) as n, sum(h::bigint) as h from read_csv({literal(str(hashes))}, "
            f"header = false, {_CSV}, columns = {{'k': 'VARCHAR', 'h': 'VARCHAR'}}) group by k), "
            f"lake as (select {key} as k, count(*) as n, sum({duckdb_hash(text)}) as h from {relation} group by 1) "
            "select k, coalesce(source.n, 0), coalesce(lake.n, 0) from source full join lake using (k) "
            "where source.n is distinct from lake.n or source.h is distinct from lake.h "
            f"order by try_cast(k as bigint), k limit {SHOWN}"
        ).fetchall()
        words = {(True, False): f"not in {side}", (False, True): f"only in {side}"}
        return [
            f"{k.replace(chr(31), ', ')}: {words.get((there > 0, here > 0), f'differs in {side}')}"
            + (f" ({here} times there)" if here > 1 else "")
            for k, there, here in rows
        ]


def _joined(key: Key) -> str:
    return "\x1f".join(key)


def _resolved(table: Published, load: str, live: str, fold: Fold) -> str:
    """The changed rows; what no change sent comes from the load's row under the key that the row had there."""
    columns = [quoted(name) for name in table.columns]
    if not any(True for _ in fold.unresolved()):
        return f"select {', '.join(columns)} from {live}"
    unsent = literal(NOT_SENT)
    filled = ", ".join(f"if(live.{c} = {unsent} and load.{c} is not null, load.{c}, live.{c}) as {c}" for c in columns)
    key = row_text([f"load.{quoted(column)}" for column in table.key])
    return f'select {filled} from {live} as live left join {load} as load on live."origin " = {key}'
