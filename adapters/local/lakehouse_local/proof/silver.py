# ruff: noqa: S608 - names and literals in the SQL are quoted by digest.py, and nobody else writes them
"""Silver at a point of the log, every column as the source's text: live rows and what is in open quarantine."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from lakehouse_core.contracts import Contract
from lakehouse_local.proof.digest import duckdb_field, literal, quoted
from lakehouse_local.proof.fold import NOT_SENT
from lakehouse_local.proof.source import Published

NO_QUARANTINE = "(select null::bigint as key, null::varchar as _position, null::varchar as raw limit 0)"


@dataclass(frozen=True)
class Silver:
    """A table's relations: base table, change log, quarantine; ``bronze`` is its relation of texts.

    ``floor`` is the position of its newest truncate. ``first_cell`` is where the columns begin in a quarantined change,
    and ``cells`` where each stands among them (empty where that is not the same in every row).
    """

    contract: Contract
    table: Published
    base: str
    log: str
    quarantine: str
    bronze: str
    floor: str | None
    first_cell: int
    cells: Mapping[str, int]


def rows_below(connection: duckdb.DuckDBPyConnection, silver: Silver, limit: str) -> tuple[str, int]:
    """A relation of the rows as they stood below position ``limit``, and how many of them are in open quarantine."""
    name = quoted(f"silver {silver.table.name}")
    state = f"select {_fields(silver)}, {quoted(silver.contract.key)} as _key, _op, _position from {silver.base}"
    ahead = f"_position >= {literal(limit)}"
    ((passed,),) = connection.execute(f"select count(*) from {silver.base} where {ahead}").fetchall()
    if passed:
        state = f"{state} where not {ahead} union all {_as_it_was(silver, limit)}"
    stood = quoted(f"state {silver.table.name}")
    connection.execute(f"create view {stood} as {state}")
    floor = silver.floor if silver.floor is not None and silver.floor < limit else ""
    columns = ", ".join(quoted(column) for column in silver.table.columns)
    alive = f"select {columns} from {stood} where _op in ('I', 'U') and _position >= {literal(floor)}"
    connection.execute(f"create view {name} as {alive} union all {_quarantined(silver, stood, floor)}")
    ((held,),) = connection.execute(
        f"select count(*) from {stood} where _op = 'Q' and _position >= {literal(floor)}"
    ).fetchall()
    return name, held


def _fields(silver: Silver) -> str:
    contract = silver.contract
    return ", ".join(f"{duckdb_field(contract.column(name))} as {quoted(name)}" for name in silver.table.columns)


def _as_it_was(silver: Silver, limit: str) -> str:
    """Keys that moved on since: their newest change below the limit, with unsent columns from the changes before it."""
    key, limit = quoted(silver.contract.key), literal(limit)
    contract = silver.contract
    # A delete or a truncate ends a row's life; what was sent before it says nothing about the columns after it.
    values = ", ".join(
        f"coalesce(arg_max({duckdb_field(contract.column(name))}, _position) filter "
        f"(where not list_contains(coalesce(_unsent, []), {literal(name)}) and _position >= born), '\\N') as {quoted(name)}"
        for name in silver.table.columns
    )
    return (
        f"select {values}, {key} as _key, arg_max(_op, _position) as _op, max(_position) as _position from "
        f"(select *, coalesce(max(_position) filter (where _op = 'D') over (partition by {key}), '') as born "
        f"from {silver.log} where _position < {limit} "
        f"and _position >= coalesce((select max(_position) from {silver.log} where _op = 'T' and _position < {limit}), '') "
        f"and {key} in (select {key} from {silver.base} where _position >= {limit})) group by {key}"
    )


def _quarantined(silver: Silver, stood: str, floor: str) -> str:
    """Rows whose newest version is in quarantine, out of its raw text (a JSON array of the cells).

    What that text cannot say in full, a column that was not sent, is what bronze says.
    """
    first = f"if(q._position[6] = '0', 2, {silver.first_cell})"

    def cell(name: str) -> str:
        in_bronze = f"b.{quoted(name)}"
        if name not in silver.cells:
            return in_bronze
        raw = f"json_extract_string(q.raw, '$[' || ({first} + {silver.cells[name]}) || ']')"
        return f"case when q.raw is null or {raw} = {literal(NOT_SENT)} then {in_bronze} else coalesce({raw}, '') end"

    cells = ", ".join(map(cell, silver.table.columns))
    return (
        f"select {cells} from {stood} as s "
        f"left join {silver.quarantine} as q on q.key::varchar = s._key::varchar and q._position = s._position "
        f"left join {silver.bronze} as b on b.{quoted(silver.contract.key)} = s._key::varchar "
        f"where s._op = 'Q' and s._position >= {literal(floor)}"
    )
