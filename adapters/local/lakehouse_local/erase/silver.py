"""A person out of silver's plain files: the change log and the quarantine, each Parquet file replaced in one step."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_core.contracts import Contract
from lakehouse_core.contracts.envelope import POSITION
from lakehouse_core.ports import Storage
from lakehouse_local.erase.person import Person, Trail, personal

_SHORTEST = 2
"""A value of one letter is left in a quarantined row's text: it names nobody, and would take every such letter along."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SilverFiles:
    """The files below a prefix of the silver bucket."""

    storage: Storage
    bucket: str
    prefix: str

    def erase_log(self, contract: Contract, person: Person, trail: Trail) -> int:
        """Put placeholders into the person's rows of a change log; how many rows are theirs."""
        columns = personal(contract)
        return self._each(
            (contract.key, POSITION, *columns),
            lambda row: trail.owns(row[contract.key], row[POSITION] or ""),
            lambda row: {name: person.erased(row[name]) for name in columns},
        )

    def erase_quarantine(self, person: Person, trail: Trail, values: Collection[str], words: Collection[str]) -> int:
        """Take the person's values out of quarantined rows that are theirs by key, or by a word that only they have.

        Args:
            person: who.
            trail: their keys.
            values: whatever stood in their personal columns.
            words: those that nobody else has.
        """
        spelled = sorted(
            {s for value in values if len(value) >= _SHORTEST for s in spellings(value)}, key=len, reverse=True
        )
        alone = {each for word in words for each in spellings(word)}

        def theirs(row: Row) -> bool:
            return trail.owns(row["key"], row[POSITION] or "") or any(each in (row["raw"] or "") for each in alone)

        def without(row: Row) -> Row:
            return {name: _replaced(row[name], spelled, person.placeholder) for name in ("raw", "reason")}

        return self._each(("key", POSITION, "raw", "reason"), theirs, without)

    def _each(self, columns: tuple[str, ...], theirs: Callable[[Row], bool], without: Callable[[Row], Row]) -> int:
        found = 0
        for key in list(self.storage.keys(self.bucket, self.prefix)):
            if not key.endswith(".parquet"):
                continue
            table = pq.read_table(BytesIO(self.storage.get(self.bucket, key)))
            rows = table.select(columns).to_pylist()
            own = [at for at, row in enumerate(rows) if theirs(row)]
            found += len(own)
            changed = {at: new for at in own if (new := without(rows[at])) != {name: rows[at][name] for name in new}}
            if changed:
                self.storage.put(self.bucket, key, _written(table, rows, changed))
        return found


def spellings(value: str) -> set[str]:
    """A value as it is, as CSV has it, and as JSON has it, once and twice: a cell of a JSON text may be a JSON text itself."""
    once = json.dumps(value, ensure_ascii=False)[1:-1]
    return {value, value.replace('"', '""'), once, json.dumps(once, ensure_ascii=False)[1:-1]}


def _replaced(text: str | None, spelled: Collection[str], placeholder: str) -> str | None:
    if text is None:
        return None
    for each in spelled:
        text = text.replace(each, placeholder)
    return text


def _written(table: pa.Table, rows: list[Row], changed: Mapping[int, Row]) -> bytes:
    """The table with those cells, as Spark wrote it: same schema, same metadata."""
    for name in next(iter(changed.values())):
        cells = [changed[at][name] if at in changed else row[name] for at, row in enumerate(rows)]
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(cells, table.schema.field(at).type))
    target = BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()
