"""A source that has every kind of column and lives through every kind of transaction, the same on each run."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import connection

END = "witness.end"
"""The prefix of the logical message that the program says last."""

SCHEMA = """
CREATE TYPE mood AS ENUM ('calm', 'glad');
CREATE TABLE sample (
    id bigint PRIMARY KEY,
    small smallint NOT NULL DEFAULT 7,
    whole integer,
    amount numeric(12,2) NOT NULL,
    rate numeric(6,4),
    wide numeric(38,10),
    free numeric,
    real4 real,
    real8 double precision,
    flag boolean NOT NULL DEFAULT true,
    day date,
    at timestamp,
    at3 timestamp(3),
    zoned timestamptz NOT NULL,
    zoned0 timestamptz(0),
    clock time,
    span interval,
    name varchar(100) NOT NULL,
    code char(5),
    note text,
    doc jsonb,
    raw json,
    ref uuid,
    bytes bytea,
    tags text[],
    numbers integer[],
    address inet,
    feeling mood
);
CREATE TABLE document (id bigint PRIMARY KEY, title varchar(200) NOT NULL, body text, meta jsonb, version integer);
ALTER TABLE document ALTER body SET STORAGE EXTERNAL, ALTER meta SET STORAGE EXTERNAL;
CREATE TABLE line (order_id bigint, number integer, quantity numeric(10,3), PRIMARY KEY (order_id, number));
CREATE TABLE whole (id integer PRIMARY KEY, note text, body text);
ALTER TABLE whole REPLICA IDENTITY FULL;
ALTER TABLE whole ALTER body SET STORAGE EXTERNAL;
CREATE TABLE passing (id integer PRIMARY KEY, note text);
CREATE TABLE spare (id integer PRIMARY KEY);
CREATE TABLE edge (
    id integer PRIMARY KEY,
    day date,
    at timestamp,
    zoned timestamptz,
    free numeric,
    real8 double precision,
    note text,
    bytes bytea,
    tags text[],
    numbers integer[],
    span tstzrange,
    price money,
    mask bit(4)
);
ALTER TABLE edge ALTER bytes SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL, ALTER numbers SET STORAGE EXTERNAL;
CREATE TABLE "Odd name" ("Key" integer PRIMARY KEY, "select" text, "größe" text);
"""

_LONG = "(SELECT string_agg(md5(n::text), '') FROM generate_series({0}, {0} + 199) AS n)"
_ROW = (
    "INSERT INTO sample VALUES ({id}, -32768, 2147483647, -9999999999.99, 0.0001, "
    "1234567890123456789012345678.0123456789, 0.000000000000000000001, 1.5, 1e-300, false, '2024-02-29', "
    "'2024-05-01 09:30:00.123456', '2024-05-01 09:30:00.123', '2024-05-01 09:30:00.120000+02', "
    "'2024-05-01 09:30:00.7+00', '23:59:59.999999', '1 year 2 mons 3 days 04:05:06.789', "
    '\'Zoë 日本 🎉 "x"\', \'ab\', E\'tab\\t, comma, "quote", new\\nline, \\\\N\', \'{{"b": [1, 2.50], "a": "é"}}\', '
    "'{{\"b\" :1, \"b\":2}}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff10', ARRAY['a', NULL, 'b,\"c'], "
    "ARRAY[1, NULL, 3], '10.0.0.1/8', 'glad')"
)
_SPARSE = "INSERT INTO sample (id, amount, zoned, name) VALUES ({id}, 0, '1970-01-01 00:00:00+00', '')"
_SPECIAL = (
    "INSERT INTO sample (id, amount, free, real4, real8, day, at, zoned, zoned0, span, name, code, note, doc, tags) "
    "VALUES ({id}, 0.10, 1e20, 3.4028235e38, 0.1, '1969-12-31', '1969-12-31 23:59:59.999999', "
    "'2024-05-01 00:00:00+00', '2024-05-01 00:00:00+00', '-1 day', ' ', '', '', 'null', '{{}}')"
)

_EDGES = (
    "INSERT INTO edge VALUES ({0} + 1, 'infinity', 'infinity', 'infinity', 'NaN', 'NaN')",
    "INSERT INTO edge VALUES ({0} + 2, '-infinity', '-infinity', '-infinity', '1e-30', '-infinity')",
    "INSERT INTO edge VALUES ({0} + 3, '0044-03-15 BC', '0044-03-15 12:00 BC', '0044-03-15 12:00+00 BC', -0.0, '-0')",
    "INSERT INTO edge VALUES ({0} + 4, '12024-05-01', '12024-05-01 12:00', '12024-05-01 12:00+00', 1e40, 123456789012)",
    # A text that is Debezium's own word for "not sent" (the program deletes it: nobody can tell it from that).
    "INSERT INTO edge (id, note) VALUES ({0} + 5, '__debezium_unavailable_value')",
    (
        "INSERT INTO edge (id, note, bytes, tags, numbers) SELECT {0} + 6, 'long', "
        "decode(string_agg(md5(n::text), ''), 'hex'), array_agg(md5(n::text)), array_agg(n) FROM generate_series(1, 700) n"
    ),
    (
        "INSERT INTO edge (id, span, price, mask) "
        "VALUES ({0} + 7, '[2024-05-01 00:00:00+00,2024-06-01 00:00:00+00)', 1234.5, B'0101')"
    ),
)

BEFORE = (
    _ROW.format(id=1),
    _SPARSE.format(id=2),
    _SPECIAL.format(id=3),
    (
        f"INSERT INTO document VALUES (1, 'one', {_LONG.format(1)}, jsonb_build_object('a', {_LONG.format(2)}), 1), "
        f"(2, 'two', {_LONG.format(3)}, NULL, 1), (3, 'three', 'short', '{{}}', 1)"
    ),
    "INSERT INTO line SELECT 1, n, n * 0.125 FROM generate_series(1, 3) AS n",
    f"INSERT INTO whole VALUES (1, 'a', {_LONG.format(4)}), (2, NULL, 'b'), (3, 'c', NULL)",
    "INSERT INTO passing SELECT n, 'row ' || n FROM generate_series(1, 5) AS n",
    """INSERT INTO "Odd name" VALUES (1, 'x', 'groß'), (2, NULL, '')""",
    *(statement.format(0) for statement in _EDGES),
)
"""What is there before anyone looks; each statement a transaction."""

_SINGLE = (
    # All types, NULLs, unicode and big numbers, as inserts, updates and deletes.
    _ROW.format(id=11),
    _SPARSE.format(id=12),
    _SPECIAL.format(id=13),
    "UPDATE sample SET amount = amount + 0.01, name = 'Łódź', doc = doc || '{\"c\": null}' WHERE id = 1",
    "UPDATE sample SET note = NULL, flag = false, tags = NULL WHERE id = 13",
    "UPDATE sample SET whole = 5 WHERE id = 2",
    "DELETE FROM sample WHERE id = 3",
    # Updates that change nothing are changes all the same.
    "UPDATE sample SET name = name WHERE id = 2",
    # Many rows by one statement.
    "INSERT INTO line SELECT 2, n, NULL FROM generate_series(1, 20) AS n",
    "UPDATE line SET quantity = number WHERE order_id = 2 AND number <= 10",
    "DELETE FROM line WHERE order_id = 2 AND number > 15",
    # Values at the ends of their types.
    *(statement.format(10) for statement in _EDGES),
    "DELETE FROM edge WHERE id IN (5, 15)",
    # Values that PostgreSQL does not send again.
    "UPDATE edge SET note = 'longer' WHERE id = 6",
    "UPDATE edge SET id = 26 WHERE id = 16",
    "UPDATE document SET version = 2 WHERE id = 1",
    "UPDATE document SET title = 'two!', version = 2",
    "UPDATE document SET body = 'short now' WHERE id = 2",
    f"UPDATE document SET body = {_LONG.format(5)} WHERE id = 3",
    # Keys that change: alone, with values that are not sent, in a chain, one column of two.
    "UPDATE document SET id = 101 WHERE id = 1",
    "UPDATE document SET id = 103, title = 'moved' WHERE id = 3",
    "UPDATE document SET meta = NULL WHERE id = 101",
    "UPDATE line SET number = number + 100 WHERE order_id = 1",
    "UPDATE line SET order_id = 3, number = 1, quantity = 9.999 WHERE order_id = 1 AND number = 101",
    # REPLICA IDENTITY FULL.
    "UPDATE whole SET note = 'b' WHERE id = 1",
    "UPDATE whole SET id = 11 WHERE id = 1",
    "UPDATE whole SET note = note WHERE id = 2",
    "DELETE FROM whole WHERE id = 3",
    # A table that is emptied and filled again; one that is emptied with another.
    "TRUNCATE passing",
    "INSERT INTO passing VALUES (1, 'new'), (6, 'six')",
    """UPDATE "Odd name" SET "select" = 'y' WHERE "Key" = 2""",
    """UPDATE "Odd name" SET "Key" = 3 WHERE "Key" = 1""",
    """DELETE FROM "Odd name" WHERE "Key" = 2""",
)

_TOGETHER = (
    # One transaction that inserts, updates, deletes and inserts the same key again, in several tables.
    (
        "INSERT INTO passing VALUES (20, 'first')",
        "UPDATE passing SET note = 'second' WHERE id = 20",
        "INSERT INTO line VALUES (9, 1, 1), (9, 2, 2)",
        "DELETE FROM passing WHERE id = 20",
        "INSERT INTO passing VALUES (20, 'third')",
        "UPDATE line SET number = number + 10 WHERE order_id = 9",
        "UPDATE document SET version = version + 1 WHERE id = 2",
    ),
    # Savepoints: what was rolled back to one is not there.
    (
        "INSERT INTO passing VALUES (30, 'kept')",
        "SAVEPOINT one",
        "UPDATE passing SET note = 'lost' WHERE id = 30",
        "INSERT INTO passing VALUES (31, 'lost')",
        "ROLLBACK TO SAVEPOINT one",
        "SAVEPOINT two",
        "INSERT INTO passing VALUES (32, 'kept')",
        "RELEASE SAVEPOINT two",
    ),
    # Emptied in the middle of a transaction, with rows before and after.
    ("INSERT INTO spare VALUES (1)", "TRUNCATE passing, spare", "INSERT INTO spare VALUES (2)"),
)


@contextmanager
def _session(dsn: str) -> Iterator[connection]:
    database = psycopg2.connect(dsn)
    try:
        yield database
    finally:
        database.close()


def prepare(owner_dsn: str, publication: str) -> None:
    """The tables, what stands in them at first, and a publication of all."""
    with _session(owner_dsn) as database, database.cursor() as cursor:
        cursor.execute(SCHEMA)
        database.commit()
        for statement in BEFORE:
            cursor.execute(statement)
            database.commit()
        cursor.execute(
            f'CREATE PUBLICATION {publication} FOR TABLE sample, document, line, whole, passing, spare, edge, "Odd name"'
        )
        database.commit()


def run(owner_dsn: str) -> None:
    """The program, to its end message."""
    with _session(owner_dsn) as first, _session(owner_dsn) as second:
        one, two = first.cursor(), second.cursor()
        for statement in _SINGLE:
            one.execute(statement)
            first.commit()
        one.execute("INSERT INTO passing VALUES (40, 'never')")
        first.rollback()
        for statements in _TOGETHER:
            for statement in statements:
                one.execute(statement)
            first.commit()
        # Two transactions at once: the one that began first, and whose rows are first in the WAL, commits last.
        one.execute("INSERT INTO passing VALUES (60, 'slow')")
        two.execute("INSERT INTO passing VALUES (61, 'quick')")
        one.execute("UPDATE document SET version = 60 WHERE id = 2")
        two.execute("UPDATE document SET version = 61 WHERE id = 103")
        second.commit()
        one.execute("UPDATE passing SET note = 'slow and late' WHERE id IN (60, 61)")
        first.commit()
        one.execute("SELECT pg_logical_emit_message(true, %s, 'the end')", (END,))
        first.commit()
