"""From the files of a whole business to gold, by the jobs: every mart against its definition in SQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dms_files import DmsTask, rows_in
from gold_business import AS_OF, generate, load_csv, write_csv
from gold_support import ORACLES, assert_same_rows, comparable, in_key_order, oracle

from lakehouse_aws import gold, silver
from lakehouse_aws.world import World
from lakehouse_core import intake
from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.errors import TableMissing
from lakehouse_core.extensions import extended
from lakehouse_core.gold import MARTS
from lakehouse_core.gold.keys import MART_KEY

ROOT = Path(__file__).parents[3]

# Eight jobs and gold of seventeen tables, beside another leg of the tests.
pytestmark = [pytest.mark.spark, pytest.mark.timeout(1500)]


def business(folder: Path) -> duckdb.DuckDBPyConnection:
    """The eight source tables of a generated business, and their histories right after a full load."""
    write_csv(generate(customers=40), folder)
    source = duckdb.connect()
    source.execute("set TimeZone = 'UTC'")
    load_csv(source, folder, "core_*.csv")
    source.execute("update core_customer set phone = ''")  # no mart looks at it, and no source has NULL there
    source.execute((ORACLES / "full_load.sql").read_text().replace(":as_of", f"timestamptz '{AS_OF.isoformat()}'"))
    return source


def test_gold_of_a_business(
    worlds: Callable[..., World],
    tasks: Callable[[World], DmsTask],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before silver is there, gold says so; then every mart, one's own too, is what SQL over the source gives, and in the catalog."""
    monkeypatch.syspath_prepend(ROOT / "examples" / "own_mart")
    world = replace(worlds("business", "delta"), blueprint=extended(["sales_by_country:extend"]))
    with pytest.raises(TableMissing, match="has no finished run"):
        gold.run(world)
    with business(tmp_path) as source:
        for each in CONTRACTS.values():
            tasks(world).load(each, rows_in(source, each), AS_OF.strftime("%Y-%m-%d %H:%M:%S.%f"))
        with ThreadPoolExecutor(3) as pool:  # each table has a job of its own
            runs = [
                run for found in pool.map(lambda each: silver.run(world, each), CONTRACTS.values()) for run in found
            ]
        assert [(run.run, run.quarantined) for run in runs] == [(1, 0)] * len(CONTRACTS)
        assert gold.run(world) == AS_OF
        database = world.naming.database("gold")
        for mart in MARTS:
            table = intake.mart_table(mart, database, world.root("gold"))
            rows = world.format.read(table).drop(MART_KEY).collect()
            found = in_key_order(mart, [comparable(row.asDict()) for row in rows])
            assert_same_rows(oracle(source, mart, AS_OF), found)
            entry: Any = world.glue.get_table(DatabaseName=database, Name=mart.name)["Table"]
            assert entry["StorageDescriptor"]["Location"] == table.location
            assert (entry["Parameters"]["table_type"], entry["Parameters"]["classification"]) == ("delta", "delta")
        own = world.format.read(intake.mart_table(world.blueprint.marts[-1], database, world.root("gold")))
        assert (
            own.agg({"order_count": "sum"}).collect()
            == source.execute("select count(*) from core_order where status = 'completed'").fetchall()
        )
    view = world.glue.get_table(DatabaseName=database, Name="revenue_by_tenant")["Table"]
    assert view["TableType"] == "VIRTUAL_VIEW"
    assert (
        '"CloudWatchMetrics": [{"Namespace": "Lakehouse", "Dimensions": [["Deployment", "Layer"]]'
        in capsys.readouterr().out
    )
