"""A person out of the source: placeholders in their row, and no trace of the row as it was in the table's pages."""

from contextlib import closing

import psycopg2
from psycopg2.sql import SQL, Identifier, Literal

from lakehouse_core.contracts import Contract
from lakehouse_local.capture import source as database
from lakehouse_local.capture.changes import CLOCK
from lakehouse_local.erase.person import Person, personal


def erase(dsn: str, contract: Contract, person: Person) -> int:
    """Write placeholders over what names the person; how many rows are theirs (0 once they are deleted).

    Their other columns stay, and so does every row that points at them: what was sold to somebody was sold.
    """
    table = SQL("{}.{}").format(Identifier(contract.schema), Identifier(contract.table))
    columns = SQL(", ").join(
        SQL("{0} = CASE WHEN {0} = '' THEN {0} ELSE {1} END").format(Identifier(name), Literal(person.placeholder))
        for name in personal(contract)
    )
    whose = SQL("{} = {} AND tenant_id = {}").format(
        Identifier(contract.key), Literal(person.customer), Literal(person.tenant)
    )
    with database.reachable(), closing(psycopg2.connect(dsn)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(_AT_BUSINESS_TIME, {"clock": CLOCK})
            cursor.execute(SQL("UPDATE {} SET {} WHERE {}").format(table, columns, whose))
            rows: int = cursor.rowcount
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(SQL("VACUUM {}").format(table))
    return rows


# Where the source keeps a business clock, this is no step of its time; elsewhere the commit's own time is right.
_AT_BUSINESS_TIME = "SELECT pg_logical_emit_message(true, %(clock)s, kept) FROM current_setting(%(clock)s, true) AS kept WHERE kept <> ''"
