"""The readers' views: current rows of a base table, without technical columns, with what depends on ``as_of``.

One list of SQL expressions per entity makes both the view's text, which Spark and DuckDB read alike, and the frame.
"""

from datetime import UTC, date, datetime

from pyspark.sql import DataFrame

from lakehouse_core.contracts import Contract, Op
from lakehouse_core.contracts.envelope import OP

CURRENT = f"{OP} in ('{Op.INSERT}', '{Op.UPDATE}')"

# Still to be paid: a paid or void invoice is not overdue, a draft is not due yet (the invoice_aging mart's statuses).
_OWED = "status in ('open', 'uncollectible')"

# The one way to count days that both engines have: Spark's interval of days casts to a number, DuckDB's is one.
_DAYS = "cast(date '{day}' - due_date as int)"
_DAYS_IN_TRINO = "cast(date_diff('day', due_date, date '{day}') as integer)"


def view_sql(contract: Contract, base: str, as_of: datetime) -> str:
    """The SELECT of an entity's view: contract columns, derived columns, columns at ``as_of``; one row per key.

    Args:
        contract: the entity's contract.
        base: the base table as the engine's FROM clause names it.
        as_of: the greatest business time taken in; its date in UTC is the day that ages are counted to.

    Raises:
        ValueError: ``as_of`` has no time zone.
    """
    columns = ",\n  ".join(_columns(contract, as_of))
    return f"select\n  {columns}\nfrom {base}\nwhere {CURRENT}"


def reader(base: DataFrame, contract: Contract, as_of: datetime) -> DataFrame:
    """The same rows and columns as :func:`view_sql`, as a frame; the same errors."""
    return base.where(CURRENT).selectExpr(*_columns(contract, as_of))


def athena_view_sql(contract: Contract, base: str, as_of: datetime) -> str:
    """The same SELECT in Athena's dialect; the same arguments and errors as :func:`view_sql`."""
    columns = ",\n  ".join(_columns(contract, as_of, _DAYS_IN_TRINO))
    return f"select\n  {columns}\nfrom {base}\nwhere {CURRENT}"


def _columns(contract: Contract, as_of: datetime, days: str = _DAYS) -> list[str]:
    """The view's columns, as SQL that Spark and DuckDB understand alike, or with another way to count days."""
    if as_of.tzinfo is None:
        raise ValueError(f"as_of has no time zone: {as_of.isoformat()}")
    aging = _aging(as_of.astimezone(UTC).date(), days) if contract.entity == "invoice" else ()
    return [*contract.silver_names, *aging]


def _aging(day: date, counted: str) -> tuple[str, str]:
    """An invoice's days past due and their bucket on the day; both NULL if nothing is to be paid.

    Buckets are those of the data model: current (not past due), 1-30, 31-60, 61-90, 90+ (more than 90).
    """
    days = counted.format(day=day.isoformat())
    buckets = " ".join(
        f"when {days} {test} then '{name}'"
        for test, name in (
            ("<= 0", "current"),
            ("<= 30", "1-30"),
            ("<= 60", "31-60"),
            ("<= 90", "61-90"),
            ("> 90", "90+"),
        )
    )
    return (
        f"case when {_OWED} then {days} end as days_past_due",
        f"case when {_OWED} then case {buckets} end end as aging_bucket",
    )
