"""Values, rows, names: DMS's text of things, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from lakehouse_local.capture import names, rows, text
from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.errors import SettingUnsupported
from lakehouse_local.capture.pgoutput import UNCHANGED, Begin, Row
from lakehouse_local.capture.settings import PER_TABLE, POC, from_dms
from lakehouse_local.capture.transaction import Transaction
from lakehouse_local.capture.wire import Change, Shape

SHAPE = Shape("public", "item", ("id", "on", "note"), ("bigint", "boolean", "text"), ("id",))
START = datetime(2024, 5, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pg_type", "given", "expected"),
    [
        ("boolean", b"t", b"true"),
        ("timestamp with time zone", b"2024-05-01 07:30:00+00", b"2024-05-01 07:30:00.000000"),
        ("timestamp(3) with time zone", b"2024-05-01 07:30:00.12+00", b"2024-05-01 07:30:00.120000"),
        ("timestamptz", b"0044-03-15 12:00:00.5+00 BC", b"0044-03-15 12:00:00.500000 BC"),
        ("timestamp without time zone", b"-infinity", b"-infinity"),
        ("varchar(9)", rb"\N", rb"\\N"),
        ("text", rb"\\\U", rb"\\\\U"),
        ("text", b"\\N\n", b"\\N\n"),
        ("character(3)", b"a  ", b"a"),
        ("mood", rb"\U", rb"\\U"),
    ],
)
def test_texts(pg_type: str, given: bytes, expected: bytes) -> None:
    """PostgreSQL's output becomes DMS's text."""
    render = text.renderer(pg_type)
    assert render is not None
    assert render(given) == expected


def change(op: str, new: Row, old_key: tuple[bytes, ...] | None = None) -> Change:
    """The eighth change of the epoch, the second of the transaction that commits at 5."""
    return Change(op, new, old_key, Begin(5, START, 1), lsn=4, last_commit=0, counter=8, sequence=1, in_table=1)


def test_a_row_of_each_layout() -> None:
    """NULL, not sent, empty, quoted: each has its own text; the change's number and its place close the row."""
    time, number, place = rows.TIME, b"2024050109300000" + b"%019d" % 8, b"0" * 15 + b"5.00000001"
    together, apart = DmsWire(POC).encoder(SHAPE), DmsWire(PER_TABLE).encoder(SHAPE)
    assert together.encode(change("U", (b"7", None, b'say "a, b"'), (b"6",))) == (
        b"U,item,public," + time + b',7,\\N,"say ""a, b""",' + number + b",6," + place + b"\n"
    )
    assert apart.encode(change("I", (b"7", b"f", b""))) == (
        b"I," + time + b',7,false,"",' + number + b",," + place + b"\n"
    )
    assert b",7,true,\\U," in together.encode(change("U", (b"7", b"t", UNCHANGED)))
    assert apart.header() == b"Op,dms_timestamp,id,on,note,AR_H_CHANGE_SEQ,BI_id,AR_H_STREAM_POSITION\n"
    assert together.header() == b""


def test_a_transaction_keeps_order_and_gets_its_time() -> None:
    """Changes spill to disk in blocks, come back in order, and carry the time that was told last."""
    transaction = Transaction(Begin(5, START, 1))
    for n in range(60_000):
        row = b"I," + rows.TIME + b"," + str(n).encode() * 60 + b"\n"
        transaction.add(SHAPE, None, row, "inserts", numbers=2 if n % 2 else 1)
    transaction.clock = START + timedelta(days=1)
    parts = list(transaction.segments())
    body = DmsWire(POC).stamped(b"".join(data for _, data in parts), transaction.business_time)
    lines = body.splitlines()
    transaction.close()
    assert len(parts) > 10
    assert [int(line.split(b",")[2][:1]) for line in lines[:10]] == list(range(10))
    assert len(lines) == sum(part.rows for part, _ in parts) == transaction.rows == 60_000
    assert all(line.startswith(b"I,2024-05-02 09:30:00.000000,") for line in lines)
    assert [part.first - before.last for before, (part, _) in zip([p for p, _ in parts], parts[1:], strict=False)] == [
        1 if before.last % 3 == 0 else 2 for before, _ in parts[:-1]
    ]
    assert transaction.numbers == transaction.table_numbers["public.item"] == 90_000


def test_file_times_only_rise() -> None:
    """A file's time is its first commit's, but later than the file's before it."""
    first = names.next_file_time(START + timedelta(microseconds=1999), None)
    assert first == START + timedelta(milliseconds=1)
    assert names.next_file_time(START, first) == START + timedelta(milliseconds=2)
    assert names.next_file_time(START + timedelta(hours=1), first) == START + timedelta(hours=1)


def test_keys() -> None:
    """Objects are named as DMS names them; a name of PostgreSQL cannot leave its folder."""
    at = START + timedelta(milliseconds=7)
    assert names.changes_key(POC, None, at) == "dms-data/cdc/CDC_TXN-20240501093000007.csv.gz"
    assert names.changes_key(PER_TABLE, ("public", "item"), at) == "dms-data/public/item/20240501-093000007.csv.gz"
    assert names.load_key(POC, "public", "../evil", 16) == "dms-data/public/..%2Fevil/LOAD00000010.csv.gz"
    assert names.load_number(names.load_key(POC, "public", "item", 26)) == 26


@pytest.mark.parametrize(
    "given",
    [
        {"CsvDelimiter": ";"},
        {"CsvNullValue": ""},
        {"CompressionType": "none"},
        {"AddColumnName": True},
        {"PreserveTransactions": "true"},
        {"CdcMaxBatchInterval": 0},
        {"CdcPath": "/"},
        {"Rfc4180": False},
    ],
)
def test_settings_that_are_not_honoured_are_refused(given: dict[str, object]) -> None:
    """A DMS setting that would be ignored is an error with its name."""
    with pytest.raises(SettingUnsupported, match=next(iter(given))):
        from_dms(given)


def test_settings_under_dms_names() -> None:
    """What DMS's API takes, this takes."""
    assert from_dms({"PreserveTransactions": False, "AddColumnName": True}) == PER_TABLE
    assert from_dms({}).layout == "transactions"
