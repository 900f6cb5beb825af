"""One run's changes, all entities: what is read once, and what each entity takes of it."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lakehouse_core import intake
from lakehouse_core.contracts import Contract, Phase, position
from lakehouse_core.intake import Taken
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.lake import bronze
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.progress import Say

SIDE_BY_SIDE = 3
"""Entities written at once: more than the machine's cores would only take memory from each other."""

LEAST_PARTITIONS = 2
BYTES_PER_PARTITION = 16 << 20
"""Of gzip, as bronze has it: some 100 MiB of rows in memory for one task."""


@dataclass(frozen=True)
class Batch:
    """The manifests of one run, all of one epoch and one kind, in order; ``repeated`` if an earlier run had them."""

    run: int
    manifests: tuple[Manifest, ...]
    repeated: bool = False

    def touches(self, contract: Contract) -> bool:
        """Whether the table has changes; a load touches every table, because what it does not have is deleted."""
        if self.manifests[0].kind == "load":
            return True
        entries = (manifest.tables.get(f"{contract.schema}.{contract.table}") for manifest in self.manifests)
        return any(e and e.inserts + e.updates + e.deletes + e.truncates for e in entries)

    def loaded(self, contract: Contract) -> int:
        """The rows of that table in a load; 0 where the batch is changes."""
        entry = self.manifests[0].tables.get(f"{contract.schema}.{contract.table}")
        return entry.load_rows if entry else 0

    @property
    def shuffle_partitions(self) -> int:
        """How many tasks a shuffle of the batch's largest table is cut into."""
        by_table: dict[str | None, int] = {}
        for file in (file for manifest in self.manifests for file in manifest.files):
            by_table[file.table] = by_table.get(file.table, 0) + file.bytes
        return max(LEAST_PARTITIONS, math.ceil(max(by_table.values(), default=0) / BYTES_PER_PARTITION))


def same_shapes(manifests: Sequence[Manifest]) -> list[Manifest]:
    """The first of the manifests, as many as have one shape of each table: a changed one begins another run."""
    shapes: dict[str, tuple[str, ...]] = {}
    found = []
    for manifest in manifests:
        if any(shapes.setdefault(name, entry.columns) != entry.columns for name, entry in manifest.tables.items()):
            break
        found.append(manifest)
    return found


def take(lake: Lake, batch: Batch, last: RunRecord | None, say: Say) -> dict[str, Taken]:
    """Take the batch into every silver table that it touches; by entity."""
    say(f"checking {sum(len(m.files) for m in batch.manifests)} bronze files against their manifests")
    bronze.check(lake, batch.manifests)
    touched = [contract for contract in lake.blueprint.contracts.values() if batch.touches(contract)]
    say(f"silver: {', '.join(contract.entity for contract in touched) or 'no table is touched'}")
    floors = {contract.entity: _floor(last, contract) for contract in touched}
    lake.spark.conf.set("spark.sql.shuffle.partitions", str(batch.shuffle_partitions))
    if batch.manifests[0].kind == "load":
        floors = dict.fromkeys(floors, position(batch.manifests[0].epoch, Phase.LOAD, 0, 0))
    # The largest first: the others then fill the gaps.
    order = sorted(touched, key=lambda contract: -contract.rows_hint)
    with bronze.reading(lake, batch.manifests) as read, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:

        def one(contract: Contract) -> Taken:
            floor, loaded = floors[contract.entity], batch.loaded(contract)
            changes = intake.Batch(read(contract), batch.run, floor, loaded, repeated=batch.repeated)
            return intake.take(lake.blueprint, contract, lake.place(contract), changes, lake.format)

        taken = list(pool.map(one, order))
    return {contract.entity: each for contract, each in zip(order, taken, strict=True)}


def _floor(last: RunRecord | None, contract: Contract) -> str | None:
    entry = last.tables.get(f"silver.{contract.entity}") if last else None
    return entry.floor if entry else None
