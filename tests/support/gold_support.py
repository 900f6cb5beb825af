"""What the tests of the marts share: how rows of two engines are made comparable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold import Mart
from lakehouse_core.silver.event import sessions

ORACLES = Path(__file__).parents[1] / "oracles"
VERSIONED = ("tenant", "customer", "product", "subscription", "invoice")
VIEWS = ("tenants", "customers", "products", "orders", "order_items", "events", "subscriptions", "invoices")
Inputs = Mapping[str, DataFrame]


@dataclass(frozen=True)
class Case:
    """Input rows by name (columns that a case is not about are NULL) and the mart's rows in the columns looked at."""

    mart: Mart
    as_of: datetime
    columns: tuple[str, ...]
    given: Mapping[str, Sequence[Mapping[str, Any]]]
    expected: Sequence[tuple[Any, ...]]


def silver(view: str, source: DataFrame) -> DataFrame:
    """The reader's view of a source table, with the derived columns that marts read."""
    if view == "tenants":
        return source.withColumn("currency", F.get_json_object("settings", "$.currency"))
    if view == "orders":
        return (
            source.withColumn("discount_amount", F.expr("round(subtotal * discount_percent / 100, 2)"))
            .withColumn("taxable_amount", F.expr("subtotal - discount_amount"))
            .withColumn("tax_amount", F.expr("round(taxable_amount * tax_rate, 2)"))
        )
    if view == "events":
        return sessions(source)
    return source


def comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its instants in UTC: Spark gives them without a zone, in the machine's."""
    return {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()}


def in_key_order(mart: Mart, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by key, NULL first."""
    return sorted(rows, key=lambda row: [(row[c] is not None, row[c]) for c in mart.key])


def oracle_sql(name: str, as_of: datetime) -> str:
    """The text of an oracle, those that it names included (see tests/oracles/README.md)."""
    sql = (ORACLES / f"{name}.sql").read_text()
    for other in ("subscription_monthly", "dim_tenant", "dim_customer", "dim_product"):
        sql = sql.replace(f":{other}", (ORACLES / f"{other}.sql").read_text())
    return sql.replace(":as_of", f"timestamptz '{as_of.isoformat()}'")


def oracle(connection: duckdb.DuckDBPyConnection, mart: Mart, as_of: datetime) -> list[dict[str, Any]]:
    """The rows of the mart's oracle (see tests/oracles/README.md), in the order of their keys."""
    cursor = connection.execute(oracle_sql(mart.name, as_of))
    names = [column[0] for column in cursor.description or ()]
    return in_key_order(mart, [comparable(dict(zip(names, row, strict=True))) for row in cursor.fetchall()])


def typed(row: Mapping[str, Any]) -> dict[str, str]:
    """What two engines must agree on: each value's Python type and digits (so 1.0 is not 1.00)."""
    return {
        name: f"{type(value).__name__} {value.isoformat() if isinstance(value, date | datetime) else value}"
        for name, value in row.items()
    }


def assert_same_rows(expected: list[dict[str, Any]], actual: list[dict[str, Any]]) -> None:
    """Fail on the first rows that differ, showing both sides of the cells that do."""
    differences = [
        {name: (was, now[name]) for name, was in typed(before).items() if was != (now := typed(after))[name]}
        | {"row": typed(after)}
        for before, after in zip(expected, actual, strict=False)
        if typed(before) != typed(after)
    ]
    assert not differences, f"(oracle, mart) differ in {len(differences)} rows, first: {differences[:3]}"
    assert len(expected) == len(actual)


def at(text: str) -> datetime:
    """A UTC instant: 2026-01-31T23:59."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def money(amount: str) -> Decimal:
    """An amount as it stands in a row."""
    return Decimal(amount).quantize(Decimal("0.01"))


def rate(fraction: str) -> Decimal:
    """A rate as it stands in a row."""
    return Decimal(fraction).quantize(Decimal("0.000001"))


def version(position: int, when: str, op: str = "U", **columns: Any) -> dict[str, Any]:
    """One captured version."""
    return {"_op": op, "_position": f"{position:04d}", "_business_time": at(when), **columns}
