"""Queries over a lake of Delta tables in a real S3: what they see, and what they may not do."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from small_lake import SmallLake

from lakehouse_core.contracts import Naming
from lakehouse_core.errors import LakehouseError, TableMissing
from lakehouse_local.environment import Environment, PostgresPart, S3Part
from lakehouse_local.errors import NoSuchTime
from lakehouse_local.query.engine import QueryEngine, parse_as_of
from lakehouse_local.query.errors import SnapshotCleaned, SqlInvalid, SqlRefused, UnknownTable
from lakehouse_local.query.history import history
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

NAMING = Naming()
FIRST, SECOND = datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 3, 12, tzinfo=UTC)


def order(key: str, op: str, status: str) -> dict[str, str]:
    """One row of the base table of orders."""
    return {
        "id": key,
        "status": status,
        "total_amount": "12.50",
        "order_date": "2026-06-01 00:00:00.5+00",
        "_op": op,
        "_position": f"0001.1.0000000000000001.0000000{key}",
    }


@pytest.fixture
def lake(s3: S3Part) -> SmallLake:
    """Two runs: order 2 was deleted by the second, which also refreshed a mart."""
    lake = SmallLake(S3Storage(s3), NAMING)
    revenue = {
        "tenant_id": "bigint",
        "gross_revenue": "decimal(12,2)",
        "mart_key": "varchar",
        "_hoodie_commit_time": "varchar",
    }
    lake.base("order", [order("1", "I", "pending"), order("2", "I", "pending")])
    lake.table("gold", "revenue_daily", revenue, [{"tenant_id": "1", "gross_revenue": "0.00"}])
    lake.log("order", 1, [order("1", "I", "pending"), order("2", "I", "pending")])
    lake.record(1, FIRST)
    lake.base("order", [order("1", "U", "completed"), order("2", "D", "pending")])
    lake.log("order", 2, [order("1", "U", "completed"), order("2", "D", "pending")])
    lake.record(2, SECOND)
    lake.log("order", 3, [order("3", "I", "a run that was never recorded")])
    return lake


@pytest.fixture
def engine(lake: SmallLake, s3: S3Part, tmp_path: Path) -> QueryEngine:  # noqa: ARG001 - the lake must be there
    """An engine over that lake."""
    postgres = PostgresPart("none", "", "", "", "", "")
    return QueryEngine(Environment(postgres, s3, 0), Settings(home=tmp_path, cache=tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "orders",
        "silver.orders",
        '"lakehouse-poc_dev_silver".orders',
        "Silver.ORDERS",
        '"lakehouse-poc_dev_silver"."orders"',
    ],
)
def test_a_view_shows_current_rows_under_every_spelling(engine: QueryEngine, name: str) -> None:
    """Deleted rows and technical columns are hidden."""
    result = engine.run(f"select id, status from {name}")
    assert result.rows == [(1, "completed")]
    assert not [column for column in engine.run(f"from {name}").columns if column.startswith("_")]


def test_base_table_log_and_mart_can_be_read(engine: QueryEngine) -> None:
    """Tombstones are in the base table, only recorded runs in the log, no format's columns in a mart."""
    assert engine.run('select count(*) from silver."order"').rows == [(2,)]
    assert engine.run("select count(*) from order_version").rows == [(4,)]
    assert engine.run("from gold.revenue_daily").columns == ("tenant_id", "gross_revenue")


def test_joins_ctes_and_subqueries_see_the_same_tables(engine: QueryEngine) -> None:
    """A CTE may have a table's name."""
    sql = "with orders as (select * from silver.orders) select o.id, r.tenant_id from orders o join revenue_daily r on true"
    assert engine.run(sql).rows == [(1, 1)]
    assert engine.run("select 1 where exists (from order_version where id = 2)").rows == [(1,)]


def test_as_of_gives_the_lake_of_that_business_time(engine: QueryEngine) -> None:
    """A date means the end of that day; before the first run there is nothing."""
    assert engine.run("select status from orders order by id", parse_as_of("2026-06-02")).rows == [("pending",)] * 2
    assert engine.run("select count(*) from order_version", parse_as_of("2026-06-01T12:00:00Z")).rows == [(2,)]
    with pytest.raises(NoSuchTime):
        engine.run("select 1 from orders", parse_as_of("2026-05-01"))


def test_a_cleaned_snapshot_is_an_error(engine: QueryEngine, lake: SmallLake) -> None:
    """Files that are gone never look like an empty table."""
    lake.storage.delete(NAMING.bucket("silver"), "order/part-0.snappy.parquet")
    with pytest.raises(SnapshotCleaned):
        engine.run("from orders", FIRST)


def test_an_unknown_table_lists_what_exists(engine: QueryEngine) -> None:
    """The error names close matches first."""
    with pytest.raises(UnknownTable, match=r"gold\.revenue_daily") as error:
        engine.run("select * from silver.order_versions")
    assert "silver.order_version" in error.value.hint


def test_errors_show_where(engine: QueryEngine) -> None:
    """Syntax errors and unknown columns come with DuckDB's caret."""
    with pytest.raises(SqlInvalid, match=r"\^"):
        engine.run("select * fro orders")
    with pytest.raises(SqlInvalid, match="nonsense"):
        engine.run("select nonsense from orders")


@pytest.mark.parametrize(
    "sql",
    [
        "select 1; select 2",
        "",
        "create table x (a int)",
        "copy (select 1) to '{home}/out'",
        "explain analyze copy (select 1) to '{home}/out'",
        "attach '{home}/db'",
        "set memory_limit = '1TB'",
        "load httpfs",
        "show tables",
        "pragma version",
        "from read_text('/etc/hostname')",
        "from glob('/*')",
        "select * from '/etc/hostname'",
        "from read_csv('/etc/hostname')",
        "from duckdb_secrets()",
        "from query('select 1')",
        "from information_schema.tables",
        "call pragma_version()",
    ],
)
def test_only_one_select_over_the_lake_is_allowed(engine: QueryEngine, sql: str, tmp_path: Path) -> None:
    """Everything else is refused by name and leaves nothing behind."""
    with pytest.raises(LakehouseError) as error:
        engine.run(sql.format(home=tmp_path))
    assert isinstance(error.value, SqlRefused | SqlInvalid | UnknownTable)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "db").exists()


def test_python_variables_are_no_tables(engine: QueryEngine) -> None:
    """A data frame in scope cannot be selected from."""
    frame = [{"a": 1}]
    with pytest.raises(UnknownTable):
        engine.run("select * from frame")
    assert frame


def test_an_empty_lake_says_so(s3: S3Part, tmp_path: Path) -> None:
    """Before the first run there is no table."""
    engine = QueryEngine(Environment(PostgresPart("", "", "", "", "", ""), s3, 0), Settings(tmp_path, tmp_path))
    with pytest.raises(TableMissing, match="no run has finished"):
        engine.run("from orders")


def test_a_second_query_copies_nothing(engine: QueryEngine, tmp_path: Path) -> None:
    """Files are kept by object and ETag."""
    engine.run("from orders")
    kept = {path.name: path.stat().st_ino for path in (tmp_path / "query-cache").iterdir()}
    engine.run("from orders")
    assert {path.name: path.stat().st_ino for path in (tmp_path / "query-cache").iterdir()} == kept


def test_results_are_written_exactly(engine: QueryEngine) -> None:
    """Decimals, times, NULL and the empty text survive JSON and CSV; the table shows them."""
    result = engine.run(
        "select id, total_amount, order_date, null as nothing, '' as empty, 'a,\"b' as text from orders"
    )
    out = io.StringIO()
    result.write_json(out)
    assert json.loads(out.getvalue()) == [
        {
            "id": 1,
            "total_amount": 12.5,
            "order_date": "2026-06-01T00:00:00.500000+00:00",
            "nothing": None,
            "empty": "",
            "text": 'a,"b',
        }
    ]
    out = io.StringIO()
    result.write_json(out, lines=True)
    assert json.loads(out.getvalue())["id"] == 1
    out = io.StringIO()
    result.write_csv(out)
    header, row = csv.reader(io.StringIO(out.getvalue()))
    assert header[:2] == ["id", "total_amount"]
    assert row == ["1", "12.50", "2026-06-01 00:00:00.500000+00:00", "", "", 'a,"b']
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(result.table())
    assert "12.50" in console.export_text()


def test_history_lists_a_tables_commits(lake: SmallLake) -> None:
    """Runs that left a table alone are not in its history."""
    orders = history(lake.storage, NAMING, "orders")
    assert [(row.run, row.as_of, row.change.commit) for row in orders] == [(1, FIRST, "0"), (2, SECOND, "1")]
    assert [row.run for row in history(lake.storage, NAMING, "gold.revenue_daily")] == [1]
    with pytest.raises(UnknownTable):
        history(lake.storage, NAMING, "nothing")
