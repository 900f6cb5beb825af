"""Silver's job over files as DMS writes them, on real tables: what is taken in, what a crash leaves, who may write."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dms_files import DmsTask
from pyspark.sql import functions as F

from lakehouse_aws import lease, ledger, silver
from lakehouse_aws.errors import (
    ArgumentInvalid,
    BronzeMissing,
    BucketMissing,
    FormatFixed,
    WriterHeld,
    WriterLost,
)
from lakehouse_aws.ledger import TableRun
from lakehouse_aws.silver import Period
from lakehouse_aws.world import World
from lakehouse_core import intake, serve
from lakehouse_core.blueprint import STANDARD
from lakehouse_core.contracts import CONTRACTS, Derived, Naming
from lakehouse_core.errors import BlueprintChanged, NothingCaptured
from lakehouse_core.tables import FORMATS, format_named

pytestmark = pytest.mark.spark

PRODUCT = CONTRACTS["product"]
AT = "2026-01-15 12:00:00.000000"


def product(number: int, name: str, price: str = "1.50") -> dict[str, str | None]:
    """A row as DMS writes it; the category is quoted text over two lines."""
    fixed = {"tenant_id": "1", "category": 'a "b",\nc', "cost": "1.00", "stock_quantity": "3", "is_active": "true"}
    times = {"created_at": AT, "updated_at": AT}
    return {"id": str(number), "sku": f"S{number}", "name": name, "price": price} | fixed | times


@dataclass
class Shop:
    """A lake with one table, the task that fills its bronze, and what the rows must be: name by key."""

    world: World
    task: DmsTask

    def run(self) -> list[TableRun]:
        """Run the job."""
        return silver.run(self.world, PRODUCT)

    def rows(self) -> dict[int, str]:
        """What readers see."""
        base = intake.place(PRODUCT, "", self.world.root("silver")).base
        frame = serve.reader(self.world.format.read(base), PRODUCT, datetime(2026, 1, 15, tzinfo=UTC))
        return {row["id"]: row["name"] for row in frame.collect()}

    def last(self) -> TableRun:
        """The newest record."""
        found = ledger.latest(self.world.storage, self.world.naming.bucket("silver"), "product")
        assert found is not None
        return found


@pytest.fixture(scope="module", params=["hudi", pytest.param("delta", marks=pytest.mark.slow)])
def shop(worlds: Callable[..., World], tasks: Callable[[World], DmsTask], request: pytest.FixtureRequest) -> Shop:
    """A lake of each format whose first load and changes the job has taken in."""
    world = worlds(f"shop{request.param}", request.param)
    shop = Shop(world, tasks(world))
    shop.task.load(PRODUCT, [product(1, "one"), product(2, "two"), product(3, "three")], AT)
    shop.task.load(PRODUCT, [product(4, "four")], AT, number=2)
    tenant = {"id": "1", "name": "T"}
    shop.task.changes(
        "20260115120001000",
        ("U", PRODUCT, product(1, "uno")),
        ("I", CONTRACTS["tenant"], tenant),
        ("D", PRODUCT, {"id": "2"}),
        ("I", PRODUCT, product(5, "five")),
        ("U", PRODUCT, product(5, "cinque")),
        clock="2026-01-15 12:00:01.250000",
    )
    load, changes = shop.run()
    assert (load.run, load.epoch, load.rows_in, load.upserts) == (1, 1, 4, 4)
    assert (changes.run, changes.epoch, changes.rows_in, changes.deletes, changes.superseded) == (2, 1, 4, 1, 1)
    assert changes.as_of == datetime(2026, 1, 15, 12, 0, 1, 250_000, UTC)
    return shop


def test_what_is_taken_in(shop: Shop) -> None:
    """The load and the changes make the rows; nothing new is no run, and no file is read twice."""
    assert shop.rows() == {1: "uno", 3: "three", 4: "four", 5: "cinque"}
    before = shop.last()
    assert shop.run() == []
    assert shop.last() == before
    assert len(before.files) == 3
    (value,) = (
        shop.world.format.read(intake.place(PRODUCT, "", shop.world.root("silver")).base).where("id = 3").collect()
    )
    assert value["category"] == 'a "b",\nc'


def test_catalog_entries(shop: Shop) -> None:
    """The base table as Athena knows its format, the change log with a partition a run, and the reader's view."""
    database, get = shop.world.naming.database("silver"), shop.world.glue.get_table
    base: Any = get(DatabaseName=database, Name="product")["Table"]
    columns = [column["Name"] for column in base["StorageDescriptor"]["Columns"]]
    location = f"s3://{shop.world.naming.bucket('silver')}/product"
    assert base["StorageDescriptor"]["Location"] == location
    if shop.world.format.name == "hudi":
        assert base["StorageDescriptor"]["InputFormat"] == "org.apache.hudi.hadoop.HoodieParquetInputFormat"
        assert columns[0] == "_hoodie_commit_time"
    else:
        assert base["Parameters"]["table_type"] == "delta"
        assert columns[0] == "id"
    assert {"price": "decimal(12,2)", "id": "bigint"}.items() <= {
        column["Name"]: column["Type"] for column in base["StorageDescriptor"]["Columns"]
    }.items()
    log: Any = get(DatabaseName=database, Name="product_version")["Table"]
    assert log["PartitionKeys"][0]["Name"] == "run"
    runs = shop.world.glue.get_partitions(DatabaseName=database, TableName="product_version")["Partitions"]
    assert {run["Values"][0]: run["StorageDescriptor"]["Location"] for run in runs}["2"] == f"{location}_version/run=2/"
    view: Any = get(DatabaseName=database, Name="products")["Table"]
    text = view["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    body = json.loads(base64.b64decode(text))
    assert (view["TableType"], view["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
    assert body["originalSql"].startswith("select\n  id,")
    assert f'from "{database}"."product"' in body["originalSql"]
    assert {"name": "name", "type": "varchar"} in body["columns"]
    assert [column["name"] for column in body["columns"]] == [c["Name"] for c in view["StorageDescriptor"]["Columns"]]


class Broken(Exception):
    """The job's machine is gone."""


class Dying:
    """A storage with which a run dies before it can write its record."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Write all but records."""
        if "/runs/" in key:
            raise Broken
        return bool(self._real.put_if_absent(bucket, key, body))


def test_a_period_is_taken_in_again(shop: Shop) -> None:
    """A backfill repairs a damaged row, adds nothing to the log, and says what there is where nothing was captured."""
    rows, before = shop.rows(), shop.last()
    where = intake.place(PRODUCT, shop.world.naming.database("silver"), shop.world.root("silver"))
    stored = shop.world.format.read(where.base)
    logged = intake.history(shop.world.spark, PRODUCT, where.log, before=9).count()
    shop.world.format.merge(where.base, stored.where("id = 5").withColumn("name", F.lit("bad")))
    assert shop.rows()[5] == "bad"
    now = datetime.now(UTC)
    run = silver.backfill(shop.world, PRODUCT, Period(now - timedelta(hours=1), now + timedelta(hours=1)))
    assert (run.run, run.files, run.as_of, shop.rows()) == (before.run + 1, before.files, before.as_of, rows)
    assert run.rows_in == run.upserts + run.deletes + run.quarantined + run.superseded == 4
    assert intake.history(shop.world.spark, PRODUCT, where.log, before=9).count() == logged
    assert shop.run() == []
    with pytest.raises(NothingCaptured, match="no changes from") as raised:
        silver.backfill(shop.world, PRODUCT, Period(now - timedelta(days=2), now - timedelta(days=1)))
    assert f"changes of the newest epoch: from {now:%Y-%m-%d}" in raised.value.hint


@pytest.mark.parametrize("given", [["--backfill_from", "2026-01-15"], ["--backfill_from", "x", "--backfill_to", "y"]])
def test_half_a_period_is_refused(given: list[str]) -> None:
    """Both ends are needed, as times."""
    with pytest.raises(ArgumentInvalid, match="both are needed"):
        silver._period(["job", *given])


def test_a_run_that_dies_is_repeated(shop: Shop) -> None:
    """What a run wrote before it died is written again, alone, though more has come since; then comes the rest."""
    before, rows = shop.last(), shop.rows()
    shop.task.changes("20260115120002000", ("U", PRODUCT, product(3, "tres")), clock="2026-01-15 12:00:02.000000")
    dying = replace(shop.world, storage=Dying(shop.world.storage))
    with pytest.raises(Broken):
        silver.run(dying, PRODUCT)
    assert shop.last() == before
    shop.task.changes("20260115120003000", ("I", PRODUCT, product(6, "six")), clock="2026-01-15 12:00:03.000000")
    again, rest = shop.run()
    assert (again.run, again.rows_in, rest.run, rest.rows_in) == (before.run + 1, 1, before.run + 2, 1)
    assert shop.rows() == rows | {3: "tres", 6: "six"}
    where = intake.place(PRODUCT, "", shop.world.root("silver"))
    log = intake.history(shop.world.spark, PRODUCT, where.log, before=rest.run + 1)
    assert log.where("name = 'tres'").count() == 1


def test_a_file_that_comes_late(shop: Shop) -> None:
    """Changes from before those that were taken in change nothing that is newer."""
    last, rows = shop.task.sequence, shop.rows()
    shop.task.sequence = 0
    shop.task.changes(
        "20260115120000500",
        ("U", PRODUCT, product(1, "late")),
        ("I", PRODUCT, product(7, "seven")),
        clock="2026-01-15 12:00:00.500000",
    )
    shop.task.sequence = last
    (run,) = shop.run()
    assert (run.rows_in, run.upserts, run.superseded) == (2, 1, 1)
    assert shop.rows() == rows | {7: "seven"}


def test_a_reload_is_a_new_epoch(shop: Shop) -> None:
    """Keys that a second load lacks are deleted, whatever changed before it; what changes after it counts."""
    epoch = shop.last().epoch
    shop.task.changes("20260115120010000", ("I", PRODUCT, product(8, "eight")), clock="2026-01-15 12:00:10.000000")
    time.sleep(1.1)  # a listing's times are whole seconds
    shop.world.storage.delete(shop.task.bucket, "dms-data/public/core_product/LOAD00000002.csv.gz")
    shop.task.load(PRODUCT, [product(1, "again"), product(9, "nine")], "2026-01-15 13:00:00.000000")
    shop.task.changes("20260115130001000", ("U", PRODUCT, product(9, "nueve")), clock="2026-01-15 13:00:01.000000")
    runs = shop.run()
    assert [run.epoch for run in runs][-1] == epoch + 1
    assert shop.rows() == {1: "again", 9: "nueve"}
    assert shop.run() == []


def test_one_writer(shop: Shop, as_run: Callable[[World, str], World]) -> None:
    """A second run is refused while the first lives; once it is dead its place is taken, and it may write no more."""
    other = as_run(shop.world, "jr_2")
    place = (shop.world.storage, shop.world.naming.bucket("silver"), ledger.folder("product"))
    with lease.hold(*place, "jr_1", shop.world.clock) as still_ours:
        with pytest.raises(WriterHeld, match="jr_1 is writing"):
            silver.run(other, PRODUCT)
        still_ours()
        later = replace(other, clock=lambda: shop.world.clock() + 3600)
        assert silver.run(later, PRODUCT) == []
        with pytest.raises(WriterLost, match="taken"):
            still_ours()


def test_what_a_dead_run_began_is_gone(shop: Shop) -> None:
    """Where the files of a broken run are gone, that is said, and nothing is taken in instead."""
    shop.task.changes("20260115140000000", ("I", PRODUCT, product(10, "ten")), clock="2026-01-15 14:00:00.000000")
    with pytest.raises(Broken):
        silver.run(replace(shop.world, storage=Dying(shop.world.storage)), PRODUCT)
    key = "dms-data/cdc/CDC_TXN-20260115140000000.csv.gz"
    body = shop.world.storage.get(shop.task.bucket, key)
    shop.world.storage.delete(shop.task.bucket, key)
    with pytest.raises(BronzeMissing, match="1 files that are gone"):
        shop.run()
    shop.world.storage.put(shop.task.bucket, key, body)
    assert len(shop.run()) == 1
    assert shop.rows()[10] == "ten"


def test_the_format_is_fixed_and_the_bucket_must_be_there(shop: Shop) -> None:
    """Another format than the table's, or a bucket that is not there, is one clear line and no run."""
    (other,) = FORMATS.keys() - {shop.world.format.name}
    with pytest.raises(FormatFixed, match=f"{other} was asked for"):
        silver.run(replace(shop.world, format=format_named(other, shop.world.spark)), PRODUCT)
    with pytest.raises(BucketMissing, match="there is no bucket"):
        silver.run(replace(shop.world, naming=Naming(suffix="elsewhere")), PRODUCT)


def test_what_cannot_be_read_is_quarantined(shop: Shop) -> None:
    """A change whose price is no number, and one of a wrong width, are counted and kept aside; the good one counts."""
    wide = {**product(12, "twelve")}
    shop.task.changes(
        "20260115150000000", ("I", PRODUCT, product(11, "eleven", price="much")), ("I", PRODUCT, wide), clock=AT
    )
    (run,) = shop.run()
    assert (run.rows_in, run.quarantined, run.upserts) == (2, 1, 1)
    aside = shop.world.spark.read.parquet(f"{shop.world.root('silver')}/quarantine/entity=product/run={run.run}")
    assert [row["reason"] for row in aside.select(F.col("reason")).collect()] != []
    assert 11 not in shop.rows()
    assert shop.rows()[12] == "twelve"


def test_a_column_of_ones_own(worlds: Callable[..., World], tasks: Callable[[World], DmsTask]) -> None:
    """It needs a load, which fills it in every row; a table that has it is not written without it. Nothing is lost meanwhile."""
    world = worlds("own", "delta")
    profit = Derived("profit", "decimal(12,2)", "price without cost")
    step = lambda frame: frame.withColumn("profit", (F.col("price") - F.col("cost")).cast(profit.type))  # noqa: E731
    wider = replace(world, blueprint=STANDARD.with_columns("product", step, profit))
    contract, base = wider.blueprint.contract("product"), intake.place(PRODUCT, "", world.root("silver")).base
    tasks(world).load(PRODUCT, [product(1, "one"), product(2, "two")], AT)
    assert len(silver.run(world, PRODUCT)) == 1
    tasks(world).changes("20260115120001000", ("U", PRODUCT, product(1, "uno", "3.00")), clock=AT)
    with pytest.raises(BlueprintChanged, match="made before the blueprint had profit"):
        silver.run(wider, contract)
    tasks(world).load(PRODUCT, [product(1, "uno", "3.00"), product(2, "two")], AT)
    assert [run.epoch for run in silver.run(wider, contract)][-1] == 2
    rows = {row["id"]: str(row["profit"]) for row in wider.format.read(base).where("_op <> 'D'").collect()}
    assert rows == {1: "2.00", 2: "0.50"}
    tasks(world).changes("20260115120002000", ("U", PRODUCT, product(2, "due")), clock=AT)
    with pytest.raises(BlueprintChanged, match="lacks columns that silver's product has: profit"):
        silver.run(world, PRODUCT)
    assert [run.rows_in for run in silver.run(wider, contract)] == [1]
