"""A person out of the lake, by the holder of its lease: bronze, the change log, the quarantine, and tables made anew."""

from dataclasses import dataclass, replace

from lakehouse_core.contracts import Contract
from lakehouse_local.erase.bronze import BronzeFiles, Rewritten
from lakehouse_local.erase.person import Person, Trail, trail_of, wanted
from lakehouse_local.erase.silver import SilverFiles
from lakehouse_local.lake import erasures, gold, kept
from lakehouse_local.lake.erasures import Erasure
from lakehouse_local.lake.kept import Kept
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.progress import Say

_COPIES = "_lakehouse/erasing/"


@dataclass(frozen=True)
class Erased:
    """What was done; the counts are of rows that are the person's."""

    erasure: Erasure
    trail: Trail
    bronze: Rewritten
    log_rows: int
    quarantined: int
    tables: tuple[str, ...]


def erase(lake: Lake, record: RunRecord, contract: Contract, erasure: Erasure, say: Say) -> tuple[RunRecord, Erased]:
    """Take the person out of all but gold, whose tables that know customers are dropped, to be computed anew.

    Each step may be done again: what was cut off is completed by the next call.

    Args:
        lake: whose lease is ours.
        record: that of the run that this is, its tables as they were.
        contract: the table with the personal columns.
        erasure: who; what is wanted gone, as far as an earlier call has found that out.
        say: told what is being done.

    Returns:
        The record with the base table's new commit, and what was done.
    """
    person = Person(erasure.tenant, erasure.customer)
    files = BronzeFiles.of(lake.storage, lake.bronze, contract)
    versions = list(files.versions())
    trail = trail_of(person, versions)
    gone = wanted(person, versions, contract, trail)
    if erasure.wanted is not None:
        gone |= erasure.wanted
    erasure = erasures.begin(lake.storage, lake.silver, replace(erasure, wanted=gone))
    # Before anything goes, so that nobody is promised what is gone.
    kept.write(lake.storage, lake.silver, Kept(record.run, record.as_of))
    say(f"{person}: bronze")
    bronze = files.erase(person, trail)
    say(f"{person}: silver's change log and quarantine")
    place = lake.place(contract)
    log, quarantine = (
        SilverFiles(lake.storage, lake.silver, f"{uri.removeprefix(f's3a://{lake.silver}/')}/")
        for uri in (place.log, place.quarantine)
    )
    log_rows = log.erase_log(contract, person, trail)
    words = [word for each in gone.words.values() for word in each]
    quarantined = quarantine.erase_quarantine(person, trail, gone.values, words)
    say(f"{person}: tables without earlier versions")
    name = f"silver.{contract.entity}"
    commit = _anew(lake, contract)
    record = replace(record, tables={**record.tables, name: replace(record.tables[name], commit=commit)})
    marts = gold.stale(lake.blueprint, record)
    for mart in marts:
        lake.format.drop(lake.mart(mart))
    tables = (name, *(f"gold.{mart.name}" for mart in marts))
    return record, Erased(erasure, trail, bronze, log_rows, quarantined, tables)


def _anew(lake: Lake, contract: Contract) -> str:
    """Put the base table's rows into a table that has no past; its commit.

    By way of a copy, which is complete before the table goes: a call that was cut off goes on from it.
    """
    table = lake.base(contract)
    folder = f"{_COPIES}{contract.entity}/"
    copy = f"s3a://{lake.silver}/{folder}"
    if f"{folder}_SUCCESS" not in lake.storage.keys(lake.silver, folder):
        lake.format.read(table).write.mode("overwrite").parquet(copy)
    rows = lake.spark.read.parquet(copy)
    lake.format.drop(table)
    commit = lake.format.overwrite(replace(table, rows_hint=max(table.rows_hint, rows.count())), rows)
    for key in list(lake.storage.keys(lake.silver, folder)):
        lake.storage.delete(lake.silver, key)
    return commit.id
