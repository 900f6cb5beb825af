"""The simulator of change events, without PostgreSQL and without a JVM."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from manifests import EMPTY

from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_local.capture.json_text import UNAVAILABLE
from lakehouse_local.capture.manifest import FileEntry, Manifest, TableEntry
from lakehouse_local.errors import BronzeFileAltered
from lakehouse_local.proof import events
from lakehouse_local.proof.fold import Fold
from lakehouse_local.simulate import Cell, Simulation, simulate

CHOSEN = [CONTRACTS["tenant"], CONTRACTS["invoice"]]


def played(seed: int, transactions: int = 200) -> Simulation:
    """A simulation of two tables."""
    return simulate(CHOSEN, transactions, seed)


def test_the_seed_is_everything() -> None:
    """The same seed gives the same bytes, another seed others; a longer play begins as the shorter one."""
    assert played(7) == played(7)
    assert played(7).objects() == played(7).objects()
    assert played(7).lines != played(8).lines
    longer = played(7, 201)
    for entity, lines in played(7).lines.items():
        assert longer.lines[entity][: len(lines)] == lines


def test_everything_happens() -> None:
    """Each kind of statement and of record is there, and what was not sent, also where a key changed."""
    found = played(1, 400)
    assert all(found.counts.values())
    records = [json.loads(line) for lines in found.lines.values() for line in lines]
    assert {each["value"] and each["value"]["op"] for each in records} == {"c", "u", "d", "t", None}
    moved = [each for each in records if any(header["key"] == "__debezium.oldkey" for header in each["headers"])]
    assert any(UNAVAILABLE in each["value"]["after"].values() for each in moved)
    lsns = [each["value"]["source"]["lsn"] for each in records if each["value"]]
    assert lsns != sorted(lsns)


def text(cell: Cell) -> str:
    r"""A value in DMS's text."""
    match cell:
        case None:
            return r"\N"
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        case Decimal():
            return f"{cell:f}"
        case str() if cell.lstrip("\\") in ("N", "U") and cell.startswith("\\"):
            return "\\" + cell
        case _:
            return str(cell)


def manifest_of(contract: Contract, entry: FileEntry) -> Manifest:
    """A manifest that describes one topic."""
    shape = TableEntry(contract.column_names, tuple(c.source_type for c in contract.columns), (contract.key,))
    tables = {f"{contract.schema}.{contract.table}": shape}
    return replace(EMPTY, layout="topics", wire="debezium", files=(entry,), tables=tables)


@pytest.mark.parametrize("seed", range(5))
def test_it_folds_to_the_state_that_it_says(tmp_path: Path, seed: int) -> None:
    """The proof's own fold of the events, in Python, ends in the simulator's rows."""
    simulation = played(seed)
    for contract, (key, body) in zip(CHOSEN, sorted(simulation.objects().items(), reverse=True), strict=True):
        name = f"{contract.schema}.{contract.table}"
        assert name in key
        path = tmp_path / contract.table
        path.write_bytes(body)
        entry = FileEntry(key, len(body), "", 0, name, "", "")
        fold = Fold((0,))
        for change in events.changes(manifest_of(contract, entry), entry, path, ""):
            fold.apply(change)
        wanted = {
            (str(number),): tuple(text(row[column]) for column in contract.column_names)
            for number, row in simulation.state[contract.entity].items()
        }
        assert {key: row for key, row in fold.changed.items() if row is not None} == wanted


def without_after(line: bytes) -> bytes:
    """The event, its new row gone."""
    record = json.loads(line)
    return json.dumps(record | {"value": record["value"] | {"after": None}}).encode() + b"\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[: len(line) // 2] + b"\n",
        lambda line: line.replace(b'"op":"c"', b'"op":"x"'),
        lambda line: line.replace(b"core_tenant", b"core_order"),
        lambda line: line.replace(b"lakehouse.position", b"other.position"),
        lambda _: b"[]\n",
        without_after,
    ],
    ids=["cut", "unknown op", "another table", "no position", "no record", "no after"],
)
def test_the_proof_names_a_file_that_is_no_topic(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A line that is not an event of the file's table stops the proof with the file's name."""
    contract = CONTRACTS["tenant"]
    body = gzip.compress(damage(played(7).lines["tenant"][0]))
    path = tmp_path / "topic.json.gz"
    path.write_bytes(body)
    entry = FileEntry("topics/t.json.gz", len(body), "", 1, "public.core_tenant", "", "")
    with pytest.raises(
        BronzeFileAltered, match=r"topics/t\.json\.gz has a line that is no event of public\.core_tenant"
    ):
        list(events.changes(manifest_of(contract, entry), entry, path, "put it back"))
