"""A person's rows in bronze: found under every key that they had, written without them, and the rest byte for byte."""

import json
from dataclasses import replace

import pytest
from customers import COLUMNS, CONTRACT, MANIFEST, PERSON

from lakehouse_core.blueprint import STANDARD
from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.contracts.model import Column
from lakehouse_local.capture.manifest import FileEntry
from lakehouse_local.erase.errors import ErasureTooNarrow, NoSuchCustomer
from lakehouse_local.erase.person import Person, Trail, Version, contract_of, trail_of, wanted
from lakehouse_local.erase.rows import rows_of

ENTRY = FileEntry("cdc/a.csv.gz", 1, "", 1, None, "", "")
OWN = (
    'U,core_customer,public,2025-01-01 00:00:00.000000,7,3,ann@a.example,Ann,"Lee, ""A""\r\nB",\\N,US,,true,x,y,'
    "00000000000000000000000000000000001,,0000000000000001.00000001\n"
)
OTHER = OWN.replace(",7,3,", ",8,3,").replace(".00000001\n", ".00000002\n")
PRODUCT = "I,core_product,public,2025-01-01 00:00:00.000000,7,3,x,1,,0000000000000001.00000000\n"


def test_only_the_persons_cells_change() -> None:
    """Quoted cells with commas, quotes and line ends are one cell; markers and empty texts stay; other rows are not touched."""
    rows = rows_of(MANIFEST, ENTRY, CONTRACT)
    records = list(rows.read(PRODUCT + OWN + OTHER))
    assert "".join(record.text for record in records) == PRODUCT + OWN + OTHER
    assert [record.version.key if record.version else None for record in records] == [None, "7", "8"]
    assert rows.erased(records[1], PERSON) == OWN.replace("ann@a.example", "erased-7").replace(
        "Ann", "erased-7"
    ).replace('"Lee, ""A""\r\nB"', "erased-7")


def test_a_header_is_no_row() -> None:
    """In the layout with a folder for each table the first line names the columns."""
    manifest = replace(MANIFEST, layout="tables")
    entry = replace(ENTRY, table="public.core_customer")
    header = f"Op,dms_timestamp,{','.join(COLUMNS)},AR_H_CHANGE_SEQ,BI_id,AR_H_STREAM_POSITION\n"
    own = OWN.replace("core_customer,public,", "")
    records = list(rows_of(manifest, entry, CONTRACT).read(header + own))
    assert [record.text for record in records] == [header, own]
    assert records[0].version is None
    assert records[1].version is not None


def test_events_keep_all_but_the_person() -> None:
    """Before and after are written without them; keys, headers, tombstones and what was not sent stay."""
    row = {
        "id": 7,
        "tenant_id": 3,
        "email": "ünn@a.example",
        "first_name": "",
        "last_name": None,
        "phone": "+1 2",
        "country": "US",
    }
    event = {
        "key": {"id": 7},
        "headers": [{"key": "lakehouse.position", "value": "0000000000000001.00000001"}],
        "value": {"before": {**row, "phone": "__debezium_unavailable_value"}, "after": row, "op": "u"},
    }
    tombstone = '{"key":{"id":7},"headers":[],"value":null}\n'
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
    rows = rows_of(replace(MANIFEST, wire="debezium"), replace(ENTRY, table="public.core_customer"), CONTRACT)
    first, second = rows.read(text + tombstone)
    assert first.version == Version(
        "0001.1.0000000000000001.00000001",
        "7",
        None,
        {name: None if (v := row.get(name)) is None else str(v) for name in COLUMNS},
    )
    assert (second.text, second.version) == (tombstone, None)
    after = json.loads(rows.erased(first, PERSON))
    gone = {"email": "erased-7"}
    assert after == {
        **event,
        "value": {
            "before": {**row, **gone, "phone": "__debezium_unavailable_value"},
            "after": {**row, **gone, "phone": "erased-7"},
            "op": "u",
        },
    }


def _version(position: str, key: str, old: str | None = None, **row: str) -> Version:
    blank: dict[str, str | None] = dict.fromkeys(COLUMNS)
    return Version(position, key, old, blank | {"id": key, "tenant_id": "3"} | row)


def test_a_person_is_followed_through_key_changes() -> None:
    """A key is theirs while they had it, and somebody else's before and after."""
    versions = [
        _version("1", "5"),
        _version("2", "6", "5"),
        _version("3", "5"),
        _version("4", "7", "6"),
        _version("5", "6"),
        _version("6", "9", "5"),
    ]
    trail = Trail.of(7, versions)
    assert trail.keys == ("7", "6", "5")
    assert [trail.owns(each.key, each.position) for each in versions] == [True, True, False, True, False, False]


def test_words_that_others_have_are_not_looked_for() -> None:
    """What only the person has is searched, as entered and as silver writes it; the rest is counted."""
    versions = [
        _version(
            "1", "7", email="Ann@A.Example", first_name="Ann", last_name="Lee", phone="020 7183 8750", country="GB"
        ),
        _version("2", "7", email="ann2@a.example", first_name="Ann", last_name="Lee", phone="123", country="GB"),
        _version("3", "8", email="xann2@a.example", first_name="Ann", last_name="Lee", phone="", country="GB"),
    ]
    found = wanted(PERSON, versions, CONTRACT, trail_of(PERSON, versions))
    assert found.words == {
        "email": ("Ann@A.Example", "Ann@a.example"),
        "phone": ("+442071838750", "020 7183 8750"),
        "name": (),
    }
    assert found.shared == {"email": 1, "phone": 1, "name": 1}
    assert found.values == ("020 7183 8750", "123", "Ann", "Ann@A.Example", "Lee", "ann2@a.example")


def test_a_stranger_is_named() -> None:
    """Nobody of that id, and somebody of another tenant."""
    with pytest.raises(NoSuchCustomer, match="no customer 7 was ever captured"):
        trail_of(PERSON, [_version("1", "8")])
    with pytest.raises(NoSuchCustomer, match="customer 8 is not of tenant 2, but of 3"):
        trail_of(Person(2, 8), [_version("1", "8")])


def test_personal_columns_elsewhere_are_refused() -> None:
    """Of a column that names people in another table nobody has said whose it is."""
    assert contract_of(STANDARD) == CONTRACT
    order = CONTRACTS["order"]
    named = replace(order, columns=(*order.columns, Column("receiver", "text", pii=True)))
    with pytest.raises(ErasureTooNarrow, match=r"order\.receiver"):
        contract_of(replace(STANDARD, contracts={**STANDARD.contracts, "order": named}))
