"""GetPartitions' expressions, answered by SQLite: the grammar is SQL's conditions over the partition keys.

Source: Glue API, GetPartitions, Expression: = <> != > < >= <= IN BETWEEN LIKE AND OR NOT IS NULL, over keys of the
types string, date, timestamp, int, bigint, long, tinyint, smallint, decimal.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse_local.services.glue import errors

_WHOLE = {"int", "integer", "bigint", "long", "tinyint", "smallint"}
_MAX_STEPS = 50_000_000  # of SQLite's machine: a few seconds, then the expression is refused


def matching(
    keys: Sequence[Mapping[str, Any]], partitions: Sequence[dict[str, Any]], expression: str
) -> list[dict[str, Any]]:
    """The partitions for which the expression is true; InvalidInputException if it is none."""
    names = [str(each["Name"]).lower() for each in keys]
    columns = ", ".join(f"{_quoted(name)} {_affinity(each)}" for name, each in zip(names, keys, strict=True))
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"create table partition ({columns})")
        marks = ", ".join("?" * len(names))
        database.executemany(f"insert into partition values ({marks})", [each["Values"] for each in partitions])  # noqa: S608 - question marks
        database.commit()
        database.execute("pragma case_sensitive_like = on")
        _confine(database)
        query = f"select _rowid_ from partition where ({expression}) order by 1"  # noqa: S608 - see _confine
        return [partitions[row - 1] for (row,) in database.execute(query)]
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise errors.invalid(f"Unsupported expression {json.dumps(expression)}: {error}") from None
    finally:
        database.close()


def _confine(database: sqlite3.Connection) -> None:
    """The expression may read the keys of this one table and nothing else, in bounded time."""
    selects = 0

    def allowed(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        nonlocal selects
        if action == sqlite3.SQLITE_SELECT:
            selects += 1
            return sqlite3.SQLITE_OK if selects == 1 else sqlite3.SQLITE_DENY
        is_read = action == sqlite3.SQLITE_READ and first == "partition"
        is_like = action == sqlite3.SQLITE_FUNCTION and second == "like"
        return sqlite3.SQLITE_OK if is_read or is_like else sqlite3.SQLITE_DENY

    database.set_authorizer(allowed)
    database.set_progress_handler(lambda: 1, _MAX_STEPS)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _affinity(column: Mapping[str, Any]) -> str:
    kind = str(column.get("Type", "string")).lower()
    if kind in _WHOLE:
        return "integer"
    return "numeric" if kind.startswith("decimal") else "text"
