"""A person among the customers, and a manifest whose files may have rows of them: for tests of erasing."""

from lakehouse_core.contracts import CONTRACTS
from lakehouse_local.capture.manifest import Manifest, TableEntry
from lakehouse_local.erase.person import Person

CONTRACT = CONTRACTS["customer"]
COLUMNS = CONTRACT.column_names
PERSON = Person(tenant=3, customer=7)
MANIFEST = Manifest(
    epoch=1,
    sequence=0,
    kind="changes",
    layout="transactions",
    slot="slot",
    publication="publication",
    system_identifier="1",
    timeline=1,
    start_lsn=0,
    end_lsn=1,
    consistent_point=0,
    clock="2025-01-01T00:00:00+00:00",
    change_counter=0,
    file_time=None,
    files=(),
    tables={
        f"{CONTRACT.schema}.{CONTRACT.table}": TableEntry(
            columns=COLUMNS, types=tuple(column.source_type for column in CONTRACT.columns), key=(CONTRACT.key,)
        )
    },
)
