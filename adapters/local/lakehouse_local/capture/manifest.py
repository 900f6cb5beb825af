"""Manifests: what the bronze bucket holds, in order. The newest one is the capture's only checkpoint.

A manifest is written after all its files, with put-if-absent, and PostgreSQL is told only after that. The chain of an
epoch is unbroken: sequence 0 is the full load, each next one starts at the LSN where the one before it ends.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from lakehouse_core.ports import Storage
from lakehouse_local.capture.errors import ManifestBroken, ManifestGap

VERSION = 1
PREFIX = "_lakehouse/manifests/"


@dataclass(frozen=True)
class FileEntry:
    """A file of rows: ``table`` is ``schema.table``, or None if rows of all tables stand in it.

    ``rows`` counts loaded rows or changes: a header or a tombstone is none, the two halves of a key change are one.

    The positions are those of its first and last row (``lakehouse_core.contracts.position``).
    """

    key: str
    bytes: int
    sha256: str
    rows: int
    table: str | None
    first_position: str
    last_position: str


@dataclass(frozen=True)
class TableEntry:
    """A table's shape (columns in file order, their PostgreSQL types, its primary key) and the counts of its rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    inserts: int = 0
    updates: int = 0
    deletes: int = 0
    truncates: int = 0
    load_rows: int = 0


@dataclass(frozen=True)
class Manifest:
    """One durable step of the capture.

    All changes of transactions with ``start_lsn <= commit LSN < end_lsn`` are in ``files`` (a commit's LSN is where its
    record starts). ``clock`` is the greatest business time so far, ``change_counter`` the last one given out,
    ``file_time`` the time in the last change file's name (all of the epoch), ``commit_end_lsn`` the end of the last
    commit record (0: none yet). ``wire`` and ``layout`` say how the files are to be read. ``revision`` counts the times that
    files of it were written anew (:mod:`lakehouse_local.erase`); the last one is the one that counts.
    """

    epoch: int
    sequence: int
    kind: str
    layout: str
    slot: str
    publication: str
    system_identifier: str
    timeline: int
    start_lsn: int
    end_lsn: int
    consistent_point: int
    clock: str
    change_counter: int
    file_time: str | None
    files: tuple[FileEntry, ...]
    tables: dict[str, TableEntry] = field(default_factory=dict)
    version: int = VERSION
    wire: str = "dms"
    commit_end_lsn: int = 0
    revision: int = 0

    @property
    def key(self) -> str:
        """Where it is stored; a successor stands right behind what it follows."""
        first = key(self.epoch, self.sequence)
        return first if not self.revision else f"{first.removesuffix('.json')}.r{self.revision:04d}.json"

    @property
    def clock_time(self) -> datetime:
        """``clock`` as a time."""
        return datetime.fromisoformat(self.clock)

    def to_json(self) -> bytes:
        """Its bytes; equal manifests have equal bytes."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


def key(epoch: int, sequence: int) -> str:
    """The object key of a manifest; key order is the order of manifests.

    >>> key(1, 12)
    '_lakehouse/manifests/0001/000000000012.json'
    """
    return f"{PREFIX}{epoch:04d}/{sequence:012d}.json"


def from_json(data: bytes) -> Manifest:
    """A manifest from its bytes.

    Raises:
        ManifestBroken: not JSON, an unknown version, a field too many, too few or of another type.
    """
    try:
        document = json.loads(data)
    except ValueError as problem:
        raise ManifestBroken(f"a manifest is not JSON: {problem}") from problem
    if not isinstance(document, dict) or document.get("version") != VERSION:
        found = document.get("version") if isinstance(document, dict) else document
        raise ManifestBroken(f"a manifest has version {found!r}; this release reads {VERSION}")
    try:
        files = tuple(FileEntry(**_checked(entry, FileEntry)) for entry in document["files"])
        for name in ("commit_end_lsn", "revision"):  # manifests of 0.1.0's first weeks have none
            document.setdefault(name, 0)
        tables = {
            name: TableEntry(**{k: _frozen(v) for k, v in _checked(entry, TableEntry).items()})
            for name, entry in document["tables"].items()
        }
        built = Manifest(**{**_checked(document, Manifest), "files": files, "tables": tables})
    except (KeyError, TypeError, AttributeError) as problem:
        raise ManifestBroken(f"a manifest is not what this release writes: {problem}") from problem
    if built.kind not in ("load", "changes") or built.start_lsn > built.end_lsn:
        raise ManifestBroken(f"manifest {built.key} contradicts itself")
    return built


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _checked(entry: dict[str, Any], shape: type) -> dict[str, Any]:
    known = {each.name: each.type for each in fields(shape)}
    if set(entry) != set(known):
        raise TypeError(f"{shape.__name__} has the fields {sorted(known)}, not {sorted(entry)}")
    for name, expected in known.items():
        if expected in (int, str) and type(entry[name]) is not expected:
            raise TypeError(f"{name} is {entry[name]!r}, not {expected}")
    return entry


def newest(storage: Storage, bucket: str) -> Manifest | None:
    """The checkpoint: the last manifest in key order; None before the first full load."""
    last = None
    for last in storage.keys(bucket, PREFIX):  # noqa: B007 - the last one is what we want
        pass
    return None if last is None else from_json(storage.get(bucket, last))


def read_chain(storage: Storage, bucket: str, after: tuple[int, int] | None = None) -> list[Manifest]:
    """The manifests after ``after`` = (epoch, sequence), oldest first; all of them for None.

    Raises:
        ManifestGap: one is missing: a sequence number, or LSNs that do not join.
        ManifestBroken: one cannot be read.
    """
    start = "" if after is None else key(*after)
    listed = [each for each in storage.keys(bucket, PREFIX) if each >= start]
    found = [from_json(storage.get(bucket, each)) for each in _last_revisions(listed)]
    verify_chain(found)
    if after is None:
        return found
    if not found or (found[0].epoch, found[0].sequence) != after:
        raise ManifestGap(f"manifest {start}, after which to go on, is not in bucket {bucket}", hint=_GAP_HINT)
    return found[1:]


def _last_revisions(keys: Iterable[str]) -> Iterable[str]:
    """Of each manifest the last key, of keys in their order."""
    return {each[: len(key(0, 0)) - len(".json")]: each for each in keys}.values()


def verify_chain(chain: Iterable[Manifest]) -> None:
    """Check that each manifest goes on where the one before it ends; ManifestGap if not."""
    before: Manifest | None = None
    for each in chain:
        if before is None or each.epoch > before.epoch:
            if each.sequence != 0 and before is not None:
                raise ManifestGap(f"epoch {each.epoch} starts at {each.key} without its full load", hint=_GAP_HINT)
        elif each.sequence != before.sequence + 1 or each.start_lsn != before.end_lsn:
            raise ManifestGap(
                f"{each.key} does not go on where {before.key} ends (LSN {each.start_lsn:X} after {before.end_lsn:X})",
                hint=_GAP_HINT,
            )
        before = each


_GAP_HINT = "restore the missing object, or start a new epoch with lakehouse replicate --reload"


def with_counts(entry: TableEntry, counts: dict[str, int]) -> TableEntry:
    """The entry with counts (``inserts``, ``updates`` ...) added to its own."""
    return replace(entry, **{name: getattr(entry, name) + count for name, count in counts.items()})
