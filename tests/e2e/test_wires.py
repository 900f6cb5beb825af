"""One source captured on both wires at once: the same silver and gold, row for row, and both proven."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from lakehouse_home import Lakehouse

from lakehouse_core.contracts import CONTRACTS, Naming
from lakehouse_core.gold import MARTS
from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.dms import PER_TABLE_WIRE
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.lake import work
from lakehouse_local.lake.sources import Captured
from lakehouse_local.proof import verify as proof
from lakehouse_local.proof.verify import VerifyReport
from lakehouse_local.providers.s3_client import client
from lakehouse_local.providers.s3_export import create_bucket
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

LARGE = "(select string_agg(md5(n::text), '') from generate_series(1, 400) as n)"
TROUBLE = (
    # A large value that later updates do not send, also where the key changes.
    f"update core_tenant set settings = jsonb_build_object('plan_type', 'free', 'notes', {LARGE}) where id = 1",
    "update core_tenant set name = 'renamed' where id = 1",
    "update core_tenant set id = 901 where id = 1",
    "update core_customer set id = id + 9000, first_name = 'moved' where id in (3, 4)",
    "delete from core_order where id in (5, 6, 7)",
    "update core_product set name = '__debezium_unavailable_value', category = '\\N' where id = 2",
    "update core_invoice set paid_at = 'infinity' where id = 8",
    "truncate core_subscription",
    (
        "insert into core_subscription (id, tenant_id, customer_id, plan, status, billing_interval, quantity, unit_amount, "
        "started_at, created_at, updated_at) values (1, 2, 1, 'pro', 'active', 'month', 1, 10, now(), now(), now())"
    ),
)


@dataclass(frozen=True)
class Twin:
    """A second lake of the same source: its own slot and buckets, on DMS's wire with a folder per table."""

    lake: Lakehouse
    settings: Settings

    @property
    def source(self) -> CaptureSource:
        """The source through a slot of its own."""
        postgres = self.lake.parts.postgres
        return CaptureSource(postgres.dsn, postgres.capture_dsn, slot="twin")

    @property
    def bronze(self) -> str:
        """Its bronze bucket."""
        return self.settings.naming.bucket("bronze")

    def take_in(self, lsn: int | None = None) -> None:
        """Capture all that is committed (or below the LSN), and take it into silver and gold."""
        storage, until = self.lake.storage, engine.current_lsn(self.source) if lsn is None else lsn
        if manifest.newest(storage, self.bronze) is None:
            engine.full_load(self.source, storage, self.bronze, PER_TABLE_WIRE)
        engine.stream(self.source, storage, self.bronze, PER_TABLE_WIRE, until)
        work.take_in(self.lake.parts, self.settings, Captured(0, 0, until, 0.0), lambda _: None)

    def verify(self) -> VerifyReport:
        """Prove it."""
        return proof.verify(self.lake.parts, self.settings, self.take_in)


@pytest.fixture(scope="module")
def twin(lake: Lakehouse) -> Twin:
    """Both lakes, loaded, with two business days and some trouble taken in."""
    home = lake.settings.home.parent / "twin"
    home.mkdir()
    twin = Twin(lake, replace(lake.settings, home=home, naming=Naming(environment="twin")))
    s3 = client(lake.parts.s3)
    for layer in ("bronze", "silver", "gold"):
        create_bucket(s3, twin.settings.naming.bucket(layer), lake.parts.s3.region)
    work.run(lake.parts, lake.settings, lambda _: None, wire="debezium")
    twin.take_in()
    lake.simulate(2)
    for statement in TROUBLE:
        lake.change(statement)
    lake.run()
    twin.take_in()
    return twin


def rows(lake: Lakehouse, settings: Settings, table: str) -> Sequence[tuple[Any, ...]]:
    """All rows of a table, in an order of their own."""
    found = QueryEngine(lake.parts, settings).run(f"select * from {table}").rows
    return sorted(found, key=repr)


def test_the_wires_differ(lake: Lakehouse, twin: Twin) -> None:
    """The one lake's bronze is events, with the key changes of the trouble in them; the other's is DMS's files."""
    chains = [manifest.read_chain(lake.storage, bucket) for bucket in (lake.bucket("bronze"), twin.bronze)]
    assert [{each.wire for each in chain} for chain in chains] == [{"debezium"}, {"dms-tables"}]
    keys = [{file.key.rsplit(".", 2)[1] for each in chain for file in each.files} for chain in chains]
    assert keys == [{"json"}, {"csv"}]
    assert {record.wire for record in lake.records()} == {"debezium"}


@pytest.mark.parametrize("view", [contract.view for contract in CONTRACTS.values()])
def test_silver_is_the_same(lake: Lakehouse, twin: Twin, view: str) -> None:
    """Every reader's view has the same rows on both wires."""
    events, files = (rows(lake, settings, f"silver.{view}") for settings in (lake.settings, twin.settings))
    assert events == files
    assert events


@pytest.mark.parametrize("mart", [mart.name for mart in MARTS])
def test_gold_is_the_same(lake: Lakehouse, twin: Twin, mart: str) -> None:
    """Every mart has the same rows on both wires."""
    events, files = (rows(lake, settings, f"gold.{mart}") for settings in (lake.settings, twin.settings))
    assert events == files
    assert events


def test_both_are_proven(lake: Lakehouse, twin: Twin) -> None:
    """Source, bronze and silver of both lakes are the same at one LSN, with the row that is in quarantine."""
    for report in (lake.verify(), twin.verify()):
        assert report.equal, report.details()
        assert sum(each.open_quarantine for each in report.tables) == 1
        assert len(report.tables) == 18


@pytest.mark.usefixtures("twin")
def test_the_lake_keeps_its_wire(lake: Lakehouse) -> None:
    """On the command line, too: without --wire it goes on, another or an unknown one is refused by name."""
    assert lake.command("replicate", "--once").ended == (0, None)
    assert lake.command("replicate", "--once", "--wire", "debezium").ended == (0, None)
    for verb in (("replicate", "--once"), ("run",), ("replicate", "--reload", "--once")):
        said = lake.command(*verb, "--wire", "dms")
        assert said.ended == (2, "capture-wire-changed")
        assert "--wire debezium" in said.err
    said = lake.command("run", "--wire", "avro")
    assert said.ended == (2, "capture-wire-unknown")
    assert "dms, dms-tables, debezium" in said.err
