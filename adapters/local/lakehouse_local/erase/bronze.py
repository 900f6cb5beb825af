"""A person out of bronze: their rows are written anew in place, each changed manifest is followed by a successor.

The other rows of a file stay byte for byte, and no row goes: positions, counts and the chain of manifests are as they
were, so the ledger still proves the rest.
"""

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from isal import igzip

from lakehouse_core.contracts import Contract
from lakehouse_core.ports import Storage
from lakehouse_local.capture.manifest import FileEntry, Manifest, read_chain
from lakehouse_local.capture.objects import GZIP_LEVEL
from lakehouse_local.erase.person import Person, Trail, Version
from lakehouse_local.erase.rows import may_be_in, rows_of
from lakehouse_local.errors import BronzeFileAltered


@dataclass(frozen=True)
class Rewritten:
    """What was done to bronze: the person's rows in it, the files' hashes before and after by key, the successors' keys."""

    rows: int
    files: dict[str, tuple[str, str]]
    manifests: tuple[str, ...]


@dataclass(frozen=True)
class BronzeFiles:
    """The files of one table in a chain of manifests."""

    storage: Storage
    bucket: str
    chain: Sequence[Manifest]
    contract: Contract

    @classmethod
    def of(cls, storage: Storage, bucket: str, contract: Contract) -> "BronzeFiles":
        """The table's files in all manifests that the bucket holds; ManifestGap, ManifestBroken as for the chain."""
        return cls(storage, bucket, read_chain(storage, bucket), contract)

    def versions(self) -> Iterator[Version]:
        """Every row of the table, in the order of manifests."""
        for manifest in self.chain:
            for entry in self._of(manifest):
                text = gzip.decompress(self.storage.get(self.bucket, entry.key)).decode()
                for record in rows_of(manifest, entry, self.contract).read(text):
                    if record.version is not None:
                        yield record.version

    def erase(self, person: Person, trail: Trail) -> Rewritten:
        """Write the trail's rows without the person; a file that has none of them is left alone.

        The successor manifest comes first, then the files that it lists. Doing it again completes what was cut off.

        Raises:
            BronzeFileAltered: a file is neither what its manifest lists nor what it listed before.
        """
        rows, files, successors = 0, dict[str, tuple[str, str]](), list[str]()
        for manifest in self.chain:
            bodies, entries = dict[str, bytes](), dict[str, FileEntry]()
            for entry in self._of(manifest):
                before = self.storage.get(self.bucket, entry.key)
                after, own = self._without(manifest, entry, before, person, trail)
                rows += own
                if after == before:
                    continue
                found = hashlib.sha256(before).hexdigest()
                changed = replace(entry, bytes=len(after), sha256=hashlib.sha256(after).hexdigest())
                if entry.sha256 not in (found, changed.sha256):
                    raise BronzeFileAltered(
                        f"s3://{self.bucket}/{entry.key} is not what its manifest lists",
                        hint="put the object back as it was (lakehouse up restores the last export), then erase again",
                    )
                bodies[entry.key], entries[entry.key] = after, changed
                files[entry.key] = (found, changed.sha256)
            listed = tuple(entries.get(entry.key, entry) for entry in manifest.files)
            if listed != manifest.files:
                successor = replace(manifest, files=listed, revision=manifest.revision + 1)
                self.storage.put_if_absent(self.bucket, successor.key, successor.to_json())
                successors.append(successor.key)
            for key, body in bodies.items():
                self.storage.put(self.bucket, key, body)
        return Rewritten(rows, files, tuple(successors))

    def _of(self, manifest: Manifest) -> list[FileEntry]:
        return [entry for entry in manifest.files if may_be_in(manifest, entry, self.contract)]

    def _without(
        self, manifest: Manifest, entry: FileEntry, body: bytes, person: Person, trail: Trail
    ) -> tuple[bytes, int]:
        """The file's bytes without the person, the same ones if there is nothing to change; how many rows are theirs."""
        rows, texts, own, changed = rows_of(manifest, entry, self.contract), list[str](), 0, False
        for record in rows.read(gzip.decompress(body).decode()):
            text = record.text
            if record.version is not None and trail.owns(record.version.key, record.version.position):
                own += 1
                text = rows.erased(record, person)
                changed |= text != record.text
            texts.append(text)
        return (igzip.compress("".join(texts).encode(), GZIP_LEVEL, mtime=0) if changed else body), own
