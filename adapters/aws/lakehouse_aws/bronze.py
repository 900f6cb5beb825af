"""What DMS left in bronze for one table, and what of it is new.

DMS writes no manifest and no LSN: the listing is what there is. A load file that is new, or has other bytes than the
one that was taken in, means that DMS loaded the table again: a new epoch, in which keys that the load does not have
count as deleted. Changes that S3 got before that load belong to the epoch before it; a listing's times are whole
seconds, and changes of the load's own second count as after it.

What can then no longer be proven: that no file is missing (there is no chain), and that silver equals the source at an
LSN (there is none). An update that changed a key is the new key's update, and the old key stays; a truncate is not
there at all. Both are settled by loading the table again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lakehouse_aws.storage import Listed, S3Storage
from lakehouse_core.contracts import Contract

FOLDER = "dms-data"
CHANGES = f"{FOLDER}/cdc/"


@dataclass(frozen=True)
class Files:
    """The objects of one table: its own load, and everybody's changes."""

    load: tuple[Listed, ...]
    changes: tuple[Listed, ...]


@dataclass(frozen=True)
class Part:
    """Files that are taken in together: a load, or changes of one epoch."""

    epoch: int
    is_load: bool
    files: tuple[Listed, ...]


def files_of(storage: S3Storage, bucket: str, contract: Contract) -> Files:
    """The table's objects as they are listed now; objects of 0 bytes are none of DMS's."""
    folder = f"{FOLDER}/{contract.schema}/{contract.table}/LOAD"
    return Files(
        load=tuple(found for found in storage.listed(bucket, folder) if found.size),
        changes=tuple(found for found in storage.listed(bucket, CHANGES) if found.size),
    )


def identity(found: Listed) -> str:
    """What says that an object is the same one: its key and its ETag."""
    return f"{found.key} {found.etag}"


def changes_between(files: Files, since: datetime, until: datetime) -> tuple[Listed, ...]:
    """The changes that S3 got from ``since`` to before ``until`` and that belong to the newest epoch."""
    loaded_from = min((found.modified for found in files.load), default=since)
    return tuple(found for found in files.changes if max(since, loaded_from) <= found.modified < until)


def parts(files: Files, taken: Iterable[str], epoch: int) -> tuple[Part, ...]:
    """What is new, in the order in which it is taken in.

    Args:
        files: what is listed now.
        taken: identities of what was taken in.
        epoch: the newest epoch, 0 if there is none yet.
    """
    known = frozenset(taken)
    new = [found for found in files.changes if identity(found) not in known]
    if all(identity(found) in known for found in files.load):
        # A table that was empty when it was loaded has no load file: its first epoch is changes alone.
        return (Part(max(epoch, 1), is_load=False, files=tuple(new)),) if new else ()
    loaded_from = min(found.modified for found in files.load)
    before = tuple(found for found in new if found.modified < loaded_from and epoch)
    after = tuple(found for found in new if found not in before)
    wanted = (
        Part(epoch, is_load=False, files=before),
        Part(epoch + 1, is_load=True, files=files.load),
        Part(epoch + 1, is_load=False, files=after),
    )
    return tuple(part for part in wanted if part.files)
