"""An erasure from beginning to end."""

import shutil
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from lakehouse_local.environment import Environment
from lakehouse_local.erase import lake as in_lake
from lakehouse_local.erase import source
from lakehouse_local.erase.bronze import BronzeFiles
from lakehouse_local.erase.lake import Erased
from lakehouse_local.erase.person import Person, contract_of, trail_of
from lakehouse_local.erase.search import files, objects, search
from lakehouse_local.extensions import blueprint
from lakehouse_local.lake import erasures, work
from lakehouse_local.lake.erasures import Erasure, Receipt
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.progress import Say
from lakehouse_local.providers import s3_export
from lakehouse_local.providers.servers import LAYERS
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

NOT_SEARCHED = (
    "PostgreSQL's write-ahead log and its backups, which end by their own retention",
    "versions of objects that a bucket with versioning keeps",
    "the temporary files of the Spark that did this, which end with it",
    "the cache of seeds, out of which lakehouse seed would make the same person again",
)


def erase(environment: Environment, settings: Settings, person: Person, now: datetime, say: Say) -> Erasure:
    """Take a person out of source, bronze, silver and gold, of every version of every file, and look for what is left.

    Their personal columns hold a placeholder then, in every version of their row; all else stays, so that no sum moves.
    Earlier versions of the tables are gone for everybody: the lake cannot be asked for a time before it.
    What was cut off goes on when it is called again.

    Args:
        environment: the running servers.
        settings: the home and the names.
        person: who.
        now: the time for the receipt.
        say: told what is being done.

    Raises:
        NoSuchCustomer: nobody of that id was ever captured, or another tenant's.
        ErasureUnfinished: another person's was cut off.
        ErasureTooNarrow: the blueprint has personal columns elsewhere.
        LakehouseError: others, by name.
    """
    storage, silver = S3Storage(environment.s3), settings.naming.bucket("silver")
    begun = erasures.unfinished(storage, silver)
    if begun is None:
        before = erasures.unclean(storage, silver, person.tenant, person.customer)
        rows = _in_source(environment, settings, person, say)
        begun = replace(before or Erasure(0, person.tenant, person.customer, rows, None), source_rows=rows)
    elif (begun.tenant, begun.customer) != (person.tenant, person.customer):
        erasures.require_finished(storage, silver)
    contract = contract_of(blueprint(settings))
    done: list[Erased] = []

    def prepare(lake: Lake, record: RunRecord) -> RunRecord:
        record, erased = in_lake.erase(lake, record, contract, begun, say)
        done.append(erased)
        return record

    record = work.rewrite(environment, settings, prepare, say)
    say(f"{person}: copies in {settings.home}")
    shutil.rmtree(settings.home / "query-cache", ignore_errors=True)
    if s3_export.last_export(settings.home) is not None:
        s3_export.export(environment.s3, settings.home)
    say(f"{person}: looking for what is left")
    (erased,) = done
    return erasures.finish(storage, silver, erased.erasure, _receipt(storage, settings, erased, record.run, now))


def _in_source(environment: Environment, settings: Settings, person: Person, say: Say) -> int:
    """The person out of the source, all that was committed before and after in the lake; how many rows are theirs."""
    storage, bronze = S3Storage(environment.s3), settings.naming.bucket("bronze")
    contract = contract_of(blueprint(settings))
    work.run(environment, settings, say)
    trail_of(person, list(BronzeFiles.of(storage, bronze, contract).versions()))
    say(f"{person}: the source")
    rows = source.erase(environment.postgres.dsn, contract, person)
    work.run(environment, settings, say)
    return rows


def _receipt(storage: S3Storage, settings: Settings, erased: Erased, run: int, now: datetime) -> Receipt:
    wanted = erased.erasure.wanted
    assert wanted is not None  # noqa: S101 - for mypy
    buckets = [settings.naming.bucket(layer) for layer in LAYERS]
    own = f"s3://{settings.naming.bucket('silver')}/{erased.erasure.key}"
    places = chain(objects(storage, buckets), files(settings.home, _apart(settings)))
    # The erasure's own object has the words until its receipt is written.
    searched = search((place for place in places if place[0] != own), wanted.words)
    return Receipt(
        finished=now,
        run=run,
        keys=erased.trail.keys,
        bronze_rows=erased.bronze.rows,
        files=erased.bronze.files,
        manifests=erased.bronze.manifests,
        log_rows=erased.log_rows,
        quarantined=erased.quarantined,
        tables=erased.tables,
        words={column: len(words) for column, words in wanted.words.items()},
        shared=wanted.shared,
        objects=searched.objects,
        bytes=searched.bytes,
        found=searched.found,
        unreadable=searched.unreadable,
        not_searched=NOT_SEARCHED,
    )


def _apart(settings: Settings) -> list[Path]:
    """Folders of the home that are somebody else's to keep: PostgreSQL's pages, and Spark's temporary files."""
    return [*settings.home.glob("postgres-*"), settings.home / "spark"]
