"""The proof on real servers: equal when nothing was lost, and each planted loss found and named."""

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from rich.console import Console
from small_lake import SmallLake

from lakehouse_core.contracts import CONTRACTS, Naming, Phase, position
from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.capture.source import CaptureSource, connected
from lakehouse_local.environment import Environment, PostgresPart, S3Part
from lakehouse_local.errors import BronzeFileAltered, BronzeFileMissing
from lakehouse_local.lake.records import Applied
from lakehouse_local.proof import bronze
from lakehouse_local.proof.errors import CaughtUpShort, NoConsistentPoint, NothingToProve
from lakehouse_local.proof.source import consistent_point
from lakehouse_local.proof.verify import VerifyReport, show, verify
from lakehouse_local.query.files import Files
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

NAMING = Naming()
BRONZE = NAMING.bucket("bronze")
ENTITIES = ("tenant", "invoice", "product", "subscription")
LARGE = "'{\"text\": \"' || (select string_agg(md5(n::text), '') from generate_series(1, 500) as n) || '\"}'"
BEFORE = f"""
    INSERT INTO core_tenant VALUES (1, 'a', '\\N', '', true, '{{}}', now(), now()), (2, E'li\nne', '"q"', 'd', false, ({LARGE})::jsonb, now(), now());
    INSERT INTO core_invoice SELECT n, 1, 2, 3, 'I-' || n, 'open', n * 1.5, 0, '2026-01-01 00:00:00.5+02', '2026-02-01',
      CASE WHEN n % 2 = 0 THEN now() END, now(), now() FROM generate_series(1, 20) AS n;
    INSERT INTO core_product SELECT n, 1, 's', 'n', '', 1, -1, 1, true, now(), now() FROM generate_series(1, 5) AS n;
    INSERT INTO auth_group VALUES (1, 'x');
"""
CHANGES = (
    "UPDATE core_tenant SET name = 'b'",  # settings of 2 are not sent
    "UPDATE core_tenant SET id = 9 WHERE id = 2",  # nor are they here
    "DELETE FROM core_invoice WHERE id = 3",
    "INSERT INTO core_invoice SELECT 50, 1, 2, 3, '', '', 1, 1, now(), now(), NULL, now(), now()",
    "UPDATE core_invoice SET status = 'void' WHERE id = 7",  # this transaction and the next undo each other
    "UPDATE core_invoice SET status = 'open' WHERE id = 7",
    "UPDATE core_invoice SET paid_at = 'infinity' WHERE id = 8",  # which silver holds in quarantine
    "TRUNCATE core_product",
    "INSERT INTO core_product VALUES (3, 1, 's', 'again', '\\\\N', 1, 2, 3, false, now(), now())",
    "INSERT INTO auth_group VALUES (2, '\\U')",
)


@dataclass
class World:
    """A source, its bronze, and a silver that is made from what the source holds."""

    environment: Environment
    settings: Settings
    storage: S3Storage
    lake: SmallLake
    source: CaptureSource
    base: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)
    log: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)
    runs: int = 0

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run each statement in a transaction of its own; the rows of the last."""
        with connected(self.environment.postgres.dsn) as database, database.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def capture(self, lsn: int) -> None:
        """Take in all changes below an LSN."""
        engine.stream(self.source, self.storage, BRONZE, POC_WIRE, lsn)

    def silver(self) -> None:
        """Make silver's rows out of the source, and its change log out of bronze."""
        chain = manifest.read_chain(self.storage, BRONZE)
        loaded = position(1, Phase.LOAD, chain[0].consistent_point, 0)
        stored = bronze.checked(Files(self.environment.s3, self.settings.home / "files"), BRONZE, chain)
        for entity in ENTITIES:
            contract = CONTRACTS[entity]
            columns = ", ".join(f'"{name}"::text' for name in contract.column_names)
            rows = [
                dict(zip(contract.column_names, r, strict=True))
                for r in self.sql(f"SELECT {columns} FROM {contract.table}")
            ]
            self.base[entity] = [row | {"_op": "I", "_position": loaded} for row in rows]
            count = chain[0].tables[f"public.{contract.table}"].load_rows
            self.log[entity] = [{"id": "0", "_op": "I", "_position": loaded}] * count
        tables = {f"public.{CONTRACTS[entity].table}": entity for entity in ENTITIES}
        for each in chain[1:]:
            for change in bronze.changes(each, stored):
                if change.table not in tables:
                    continue
                at = position(1, Phase.CHANGE, change.commit_lsn, change.sequence)
                self.log[tables[change.table]].append({"_op": change.op, "_position": at, "id": "0"})
                if change.old_key:
                    self.log[tables[change.table]].append({"_op": "D", "_position": at, "id": "0"})
                if "infinity" in change.row:
                    held = next(row for row in self.base["invoice"] if row["id"] == change.row[0])
                    held.update(dict.fromkeys(CONTRACTS["invoice"].column_names[1:]), _op="Q", _position=at)
                    raw = json.dumps(["U", "core_invoice", "public", "then", *change.row, "seq", "", "at"])
                    self.lake.quarantine("invoice", 1, [{"key": change.row[0], "_position": at, "raw": raw}])
        self.base["product"].append({"id": "4", "_op": "D", "_position": loaded})

    def run(self) -> None:
        """Write silver and a run record."""
        self.runs += 1
        for entity in ENTITIES:
            self.lake.base(entity, self.base[entity])
            self.lake.log(entity, 1, self.log[entity])
        last = manifest.read_chain(self.storage, BRONZE)[-1]
        self.lake.record(self.runs, datetime(2026, 6, 1, tzinfo=UTC), Applied(last.epoch, last.sequence, last.end_lsn))

    def verify(self, *, write: bool = True) -> VerifyReport:
        """The report, with bronze and silver brought up to the point."""

        def catch_up(lsn: int) -> None:
            self.capture(lsn)
            if write:
                self.run()

        return verify(self.environment, self.settings, catch_up)


@pytest.fixture(scope="module")
def world(module_postgres: PostgresPart, s3_server: S3Part, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three entities and a Django table, loaded, changed and taken in without loss."""
    home = tmp_path_factory.mktemp("home")
    storage = S3Storage(s3_server)
    for layer in ("bronze", "silver"):
        for key in list(storage.keys(NAMING.bucket(layer), "")):
            storage.delete(NAMING.bucket(layer), key)
    environment = Environment(module_postgres, s3_server, 0)
    source = CaptureSource(module_postgres.dsn, module_postgres.capture_dsn)
    world = World(environment, Settings(home=home, cache=home), storage, SmallLake(storage, NAMING), source)
    for entity in ENTITIES:
        contract = CONTRACTS[entity]
        columns = ", ".join(f'"{c.name}" {c.source_type}' for c in contract.columns)
        world.sql(f"CREATE TABLE {contract.table} ({columns}, PRIMARY KEY (id))")
    world.sql("CREATE TABLE auth_group (id int PRIMARY KEY, name text)", BEFORE)
    engine.full_load(source, storage, BRONZE)
    with psycopg2.connect(module_postgres.dsn) as lost:
        lost.cursor().execute("DELETE FROM core_tenant")
        lost.rollback()
    world.sql(*CHANGES)
    world.capture(engine.current_lsn(source))
    world.silver()
    return world


@pytest.fixture
def untouched(world: World) -> Iterator[World]:
    """The world, put back afterwards as it was."""
    base = {entity: [dict(row) for row in rows] for entity, rows in world.base.items()}
    log = {entity: list(rows) for entity, rows in world.log.items()}
    objects = {key: world.storage.get(BRONZE, key) for key in world.storage.keys(BRONZE, "")}
    yield world
    world.base, world.log = base, log
    for key, body in objects.items():
        world.storage.put(BRONZE, key, body)


def line(report: VerifyReport, table: str) -> Any:
    """A table's line."""
    return next(each for each in report.tables if each.table == table)


def test_nothing_lost_is_equal(untouched: World) -> None:
    """Key change, truncate, unsent columns, markers as data, quarantine: all sides are the same."""
    report = untouched.verify()
    assert report.details() == []
    assert report.equal
    console = Console(width=120, record=True, file=io.StringIO())
    show(report, console)
    assert "core_invoice" in console.export_text()
    assert report.exit_code == 0
    assert line(report, "public.core_invoice").open_quarantine == 1
    assert line(report, "public.auth_group").silver is None
    assert [each.source.rows for each in report.tables] == [2, 20, 1, 0, 2]
    assert report.headline().startswith("equal: 25 rows in 5 tables")


def drop(row: dict[str, str | None]) -> None:
    """Make the row a tombstone."""
    row["_op"] = "D"


def change(row: dict[str, str | None]) -> None:
    """Change one value by a cent."""
    row["amount_due"] = "1.51"


def empty_for_null(row: dict[str, str | None]) -> None:
    """Put the empty text where another stood."""
    row["invoice_number"] = None


@pytest.mark.parametrize(
    ("plant", "found"),
    [(drop, "1: not in silver"), (change, "1: differs in silver"), (empty_for_null, "1: differs in silver")],
)
def test_a_wrong_row_in_silver_is_named(untouched: World, plant: Any, found: str) -> None:
    """A lost row, a changed value: exit status 1 and the key."""
    plant(next(row for row in untouched.base["invoice"] if row["id"] == "1"))
    report = untouched.verify()
    assert report.exit_code == 1
    assert report.details() == [f"public.core_invoice {found}"]


def test_null_for_the_empty_text_is_a_difference(untouched: World) -> None:
    """NULL is not ''."""
    next(row for row in untouched.base["tenant"] if row["id"] == "1")["domain"] = None
    assert untouched.verify().details() == ["public.core_tenant 1: differs in silver"]


def test_a_resurrected_row_is_found(untouched: World) -> None:
    """A deleted row that came back is only in silver."""
    row = next(row for row in untouched.base["invoice"] if row["id"] == "1")
    untouched.base["invoice"].append(row | {"id": "3"})
    assert untouched.verify().details() == ["public.core_invoice 3: only in silver"]


def test_a_row_that_is_there_twice_is_found(untouched: World) -> None:
    """A duplicate is no equality."""
    row = next(row for row in untouched.base["invoice"] if row["id"] == "1")
    untouched.base["invoice"].append(dict(row))
    assert untouched.verify().details() == ["public.core_invoice 1: differs in silver (2 times there)"]


def test_a_quarantined_row_must_be_in_quarantine(untouched: World) -> None:
    """A row that is neither live nor in quarantine is lost."""
    drop(next(row for row in untouched.base["invoice"] if row["id"] == "8"))
    assert untouched.verify().details() == ["public.core_invoice 8: not in silver"]


def test_a_lost_transaction_that_nets_to_zero_is_found_in_silver(untouched: World) -> None:
    """State is equal, the change log is not."""
    lost = untouched.log["invoice"][-3]
    untouched.log["invoice"].remove(lost)
    report = untouched.verify()
    assert all(each.equal for each in report.tables)
    assert report.problems == (
        f"public.core_invoice: change {lost['_position']} made 0 rows in the change log instead of 1",
    )


def test_a_doubled_change_is_found_in_silver(untouched: World) -> None:
    """Each change is in the log exactly once."""
    untouched.log["invoice"].append(untouched.log["invoice"][-1])
    assert "made 2 rows in the change log instead of 1" in untouched.verify().problems[0]


def test_lost_rows_of_the_load_are_found_in_the_log(untouched: World) -> None:
    """The log holds the load's rows too."""
    untouched.log["tenant"].pop(0)
    assert untouched.verify().problems == ("public.core_tenant: the load of epoch 1 had 2 rows, the change log has 1",)


def rewrite(world: World, drop_row: str) -> None:
    """Take the rows that hold a text out of the change files and make files and manifests agree on it."""
    for each in manifest.read_chain(world.storage, BRONZE)[1:]:
        entries, tables = [], dict(each.tables)
        for entry in each.files:
            rows = gzip.decompress(world.storage.get(BRONZE, entry.key)).decode().splitlines(keepends=True)
            kept = [row for row in rows if drop_row not in row]
            body = gzip.compress("".join(kept).encode(), mtime=0)
            world.storage.put(BRONZE, entry.key, body)
            entries.append(replace(entry, bytes=len(body), sha256=hashlib.sha256(body).hexdigest(), rows=len(kept)))
            if len(kept) < len(rows):
                table = tables["public.core_invoice"]
                tables["public.core_invoice"] = replace(table, updates=table.updates - len(rows) + len(kept))
        world.storage.put(BRONZE, each.key, replace(each, files=tuple(entries), tables=tables).to_json())


def test_a_lost_transaction_that_nets_to_zero_is_found_in_bronze(untouched: World) -> None:
    """The files lack it and the manifests agree, but the change counter has a hole."""
    rewrite(untouched, ",void,")
    report = untouched.verify()
    assert all(each.equal for each in report.tables)
    assert any("1 changes are missing before" in problem for problem in report.problems)


def test_a_lost_delete_in_bronze_is_found(untouched: World) -> None:
    """The row stays in the fold: only in bronze."""
    for each in manifest.read_chain(untouched.storage, BRONZE)[1:]:
        for entry in each.files:
            text = gzip.decompress(untouched.storage.get(BRONZE, entry.key)).decode()
            if "\nD," in text or text.startswith("D,"):
                rows = [row for row in text.splitlines(keepends=True) if not row.startswith("D,")]
                body = gzip.compress("".join(rows).encode(), mtime=0)
                untouched.storage.put(BRONZE, entry.key, body)
                new = replace(entry, bytes=len(body), sha256=hashlib.sha256(body).hexdigest(), rows=len(rows))
                files = tuple(new if old == entry else old for old in each.files)
                untouched.storage.put(BRONZE, each.key, replace(each, files=files).to_json())
    report = untouched.verify()
    assert "public.core_invoice 3: only in bronze" in report.details()


def test_an_altered_or_missing_bronze_file_is_an_error(untouched: World) -> None:
    """What S3 holds must be what the manifest lists."""
    key = next(key for key in untouched.storage.keys(BRONZE, "dms-data/public/core_invoice"))
    untouched.storage.put(BRONZE, key, untouched.storage.get(BRONZE, key)[:-1])
    with pytest.raises(BronzeFileAltered, match="core_invoice"):
        untouched.verify()
    untouched.storage.delete(BRONZE, key)
    with pytest.raises(BronzeFileMissing, match="core_invoice"):
        untouched.verify()


def test_silver_that_is_ahead_of_the_point_is_taken_back(untouched: World) -> None:
    """Keys that changed after the point are what the log says they were."""
    invoice = next(row for row in untouched.base["invoice"] if row["id"] == "1")
    late = position(1, Phase.CHANGE, 2**60, 0)
    was = dict(invoice) | {"_position": position(1, Phase.CHANGE, 1, 0)}
    untouched.log["invoice"][0] = was | {"_position": invoice["_position"]}
    invoice.update(status="paid", _op="U", _position=late)
    report = untouched.verify()
    assert line(report, "public.core_invoice").equal


def test_a_lake_that_was_not_brought_up_is_an_error(untouched: World) -> None:
    """Silver that ends before the point proves nothing."""
    untouched.run()
    untouched.sql("UPDATE core_invoice SET status = status WHERE id = 1")
    untouched.capture(engine.current_lsn(untouched.source))
    with pytest.raises(CaughtUpShort, match="silver has taken in manifest"):
        untouched.verify(write=False)
    untouched.silver()


def test_writes_during_the_proof_do_not_disturb_it(untouched: World, tmp_path: Path) -> None:
    """What is committed after the point is not part of it."""
    assert tmp_path

    def catch_up(lsn: int) -> None:
        untouched.sql("UPDATE core_invoice SET amount_paid = 1 WHERE id = 2")
        untouched.capture(engine.current_lsn(untouched.source))
        untouched.run()
        assert lsn

    report = verify(untouched.environment, untouched.settings, catch_up)
    untouched.silver()
    assert [each.table for each in report.tables if not each.equal] == []


def test_without_a_publication_there_is_nothing_to_prove(untouched: World) -> None:
    """No capture was ever begun; an answer of equal would be about nothing."""
    with (
        pytest.raises(NothingToProve, match="nothing is published"),
        consistent_point(untouched.environment.postgres.capture_dsn, "nobody"),
    ):
        pytest.fail("it began")


def test_an_open_transaction_is_named(untouched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever keeps the source from a consistent point: process and role."""
    monkeypatch.setattr("lakehouse_local.proof.source.WAIT_MILLISECONDS", 500)
    with closing(psycopg2.connect(untouched.environment.postgres.dsn)) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE core_invoice; SELECT pg_current_xact_id(), pg_backend_pid()")
        ((_, process),) = cursor.fetchall()
        with pytest.raises(NoConsistentPoint, match=f"process {process} .role lakehouse_app"):
            untouched.verify()
