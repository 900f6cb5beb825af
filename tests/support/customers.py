"""A person among the customers, and a manifest whose files may have rows of them: for tests of erasing."""

from dataclasses import replace

from manifests import EMPTY

from lakehouse_core.contracts import CONTRACTS
from lakehouse_local.capture.manifest import TableEntry
from lakehouse_local.erase.person import Person

CONTRACT = CONTRACTS["customer"]
COLUMNS = CONTRACT.column_names
PERSON = Person(tenant=3, customer=7)
MANIFEST = replace(
    EMPTY,
    sequence=0,
    start_lsn=0,
    end_lsn=1,
    consistent_point=0,
    tables={
        f"{CONTRACT.schema}.{CONTRACT.table}": TableEntry(
            columns=COLUMNS, types=tuple(column.source_type for column in CONTRACT.columns), key=(CONTRACT.key,)
        )
    },
)
