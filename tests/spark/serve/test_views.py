"""Readers' views: the same rows from Spark SQL, from a Spark frame and from DuckDB."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse_core import serve
from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_core.contracts.envelope import TECHNICAL
from lakehouse_core.testing import assert_frames_equal

AS_OF = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)

# title, (status, due_date), (days_past_due, aging_bucket) on 31 January 2026
INVOICES: list[tuple[str, tuple[str, date], tuple[int | None, str | None]]] = [
    ("due later", ("open", date(2026, 2, 28)), (-28, "current")),
    ("due today", ("open", date(2026, 1, 31)), (0, "current")),
    ("one day late", ("open", date(2026, 1, 30)), (1, "1-30")),
    ("thirty days", ("open", date(2026, 1, 1)), (30, "1-30")),
    ("thirty-one days", ("open", date(2025, 12, 31)), (31, "31-60")),
    ("sixty days", ("uncollectible", date(2025, 12, 2)), (60, "31-60")),
    ("ninety days", ("uncollectible", date(2025, 11, 2)), (90, "61-90")),
    ("ninety-one days", ("open", date(2025, 11, 1)), (91, "90+")),
    ("the first day that there is", ("open", date(1, 1, 1)), (739_646, "90+")),
    ("the last", ("open", date(9999, 12, 31)), (-2_912_412, "current")),
    ("paid", ("paid", date(2025, 1, 1)), (None, None)),
    ("void", ("void", date(2025, 1, 1)), (None, None)),
    ("a draft", ("draft", date(2025, 1, 1)), (None, None)),
    ("an unknown status", ("lost", date(2025, 1, 1)), (None, None)),
]
Engine = Callable[[DataFrame, Contract], list[tuple[Any, ...]]]


def _base(spark: SparkSession, contract: Contract, rows: list[dict[str, Any]]) -> DataFrame:
    """A base table: contract and derived columns (NULL where not given), and the technical ones."""
    types = {field.name: field.dataType.simpleString() for field in contract.spark_schema.fields}
    types |= {column.name: column.type for column in contract.derived} | dict.fromkeys(TECHNICAL, "string")
    schema = ", ".join(f"{name} {kind}" for name, kind in types.items())
    return spark.createDataFrame([[row.get(name) for name in types] for row in rows], schema)


def _by_frame(base: DataFrame, contract: Contract) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in serve.reader(base, contract, AS_OF).orderBy("id").collect()]


def _by_spark_sql(base: DataFrame, contract: Contract) -> list[tuple[Any, ...]]:
    base.createOrReplaceTempView("base")
    view = base.sparkSession.sql(serve.view_sql(contract, "base", AS_OF))
    return [tuple(row) for row in view.orderBy("id").collect()]


def _by_duckdb(base: DataFrame, contract: Contract) -> list[tuple[Any, ...]]:
    """The frame as a DuckDB table of the same types, then the view over it."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        types = {"array<string>": "text[]", "timestamp": "timestamptz", "string": "text"}
        columns = ", ".join(f"{name} {types.get(kind, kind)}" for name, kind in base.dtypes)
        connection.execute(f"create table base ({columns})")
        marks = ", ".join("?" * len(base.columns))
        if rows := [tuple(row) for row in base.collect()]:
            connection.executemany(f"insert into base values ({marks})", rows)
        return connection.execute(f"{serve.view_sql(contract, 'base', AS_OF)} order by id").fetchall()


ENGINES = [_by_frame, _by_spark_sql, _by_duckdb]


@pytest.mark.parametrize("engine", ENGINES)
def test_invoice_ages(spark: SparkSession, engine: Engine) -> None:
    """Days past due and bucket follow from status, due date and the day of as_of, in every engine."""
    contract = CONTRACTS["invoice"]
    rows = [
        {"id": place, "status": status, "due_date": due, "_op": "I"}
        for place, (_, (status, due), _) in enumerate(INVOICES)
    ]
    found = engine(_base(spark, contract, rows), contract)
    assert {title: row[-2:] for (title, _, _), row in zip(INVOICES, found, strict=True)} == {
        title: after for title, _, after in INVOICES
    }


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("entity", ["tenant", "order"])
def test_current_rows_only(spark: SparkSession, engine: Engine, entity: str) -> None:
    """Inserted and updated rows are shown; deleted keys and keys in quarantine are not."""
    contract = CONTRACTS[entity]
    rows = [{"id": place, "currency": "EUR", "_op": op} for place, op in enumerate("IUDQ", start=1)]
    found = engine(_base(spark, contract, rows), contract)
    assert [row[0] for row in found] == [1, 2]
    assert all("EUR" in row for row in found)


@pytest.mark.parametrize("entity", CONTRACTS)
def test_every_view_is_read_by_both_engines(spark: SparkSession, entity: str) -> None:
    """Every entity's view has the contract's and the derived columns, and none that is technical."""
    contract = CONTRACTS[entity]
    base = _base(spark, contract, [])
    base.createOrReplaceTempView("base")
    frame = serve.reader(base, contract, AS_OF)
    assert_frames_equal(spark.sql(serve.view_sql(contract, "base", AS_OF)), frame)
    names = frame.columns
    assert names[: len(contract.columns)] == list(contract.column_names)
    assert not set(names) & set(TECHNICAL)
    assert _by_duckdb(base, contract) == []


def test_the_day_is_of_utc() -> None:
    """An instant that is tomorrow elsewhere is still today; one without a zone is refused."""
    invoice = CONTRACTS["invoice"]
    elsewhere = AS_OF.astimezone(timezone(timedelta(hours=9)))
    assert elsewhere.day == 1
    assert serve.view_sql(invoice, "base", elsewhere) == serve.view_sql(invoice, "base", AS_OF)
    with pytest.raises(ValueError, match="as_of has no time zone"):
        serve.view_sql(invoice, "base", AS_OF.replace(tzinfo=None))


def test_revenue_by_tenant(spark: SparkSession) -> None:
    """The POC's columns over the mart, in both engines: a currency is a row, an unknown tenant has no name."""
    mart = (
        "select * from (values (1, date '2026-01-01', 'EUR', 2, 30.00, 15.00), "
        "(1, date '2026-01-01', 'USD', 1, 5.00, 5.00), (9, date '2026-01-01', 'EUR', 1, 7.00, 7.00)) "
        "as t (tenant_id, month, currency, order_count, gross_revenue, average_order_value)"
    )
    tenants = "select * from (values (1, 'Acme'), (2, 'Idle')) as t (id, name)"
    query = serve.revenue_by_tenant_sql(f"({mart})", f"({tenants})") + "\norder by tenant_id, currency"
    frame = spark.sql(query)
    assert frame.columns[:-1] == [
        "tenant_id",
        "tenant_name",
        "month",
        "order_count",
        "total_revenue",
        "avg_order_value",
    ]
    assert [row[:2] for row in frame.collect()] == [(1, "Acme"), (1, "Acme"), (9, None)]
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall() == [tuple(row) for row in frame.collect()]
