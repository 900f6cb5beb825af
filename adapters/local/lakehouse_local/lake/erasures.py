"""Erasures, one JSON object each in the silver bucket: written when one begins, and again, as its receipt, when it is done.

An erasure takes tables apart and puts them together again, so nothing else may write while one is cut off.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lakehouse_core.ports import Storage
from lakehouse_local import state
from lakehouse_local.errors import ErasureUnfinished

PREFIX = "_lakehouse/erasures/"


@dataclass(frozen=True)
class Receipt:
    """What an erasure did and what a search found after it; no word of the person's is in it.

    Args:
        finished: when, by this machine's clock (UTC).
        run: the run whose record lists the tables as they are without the person.
        keys: the ids that the person had, the newest first.
        bronze_rows: the person's rows in bronze files; ``files`` has each rewritten file's SHA-256 before and after,
            ``manifests`` the successors that list the new ones.
        log_rows: the person's rows in silver's change log; ``quarantined`` those in quarantine.
        tables: those that were made anew, without any earlier version.
        words: how many words of the person were searched for, by the column that they stood in.
        shared: how many were not, since others have them as well.
        objects: how many objects and files were searched, ``bytes`` how large they are unpacked.
        found: where a word was found all the same; ``unreadable``: what could not be searched.
        not_searched: what lies outside of the search.
    """

    finished: datetime
    run: int
    keys: tuple[str, ...]
    bronze_rows: int
    files: Mapping[str, tuple[str, str]]
    manifests: tuple[str, ...]
    log_rows: int
    quarantined: int
    tables: tuple[str, ...]
    words: Mapping[str, int]
    shared: Mapping[str, int]
    objects: int
    bytes: int
    found: tuple[str, ...]
    unreadable: tuple[str, ...]
    not_searched: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything was searched and nothing found."""
        return not self.found and not self.unreadable


@dataclass(frozen=True)
class Wanted:
    """What is to be gone: ``words`` by column, which only the person has, and all ``values`` of their personal columns.

    ``shared`` counts the words that others have as well, by column.
    """

    words: Mapping[str, tuple[str, ...]]
    values: tuple[str, ...]
    shared: Mapping[str, int]

    def __or__(self, other: "Wanted") -> "Wanted":
        """What either wants."""
        return Wanted(
            {
                c: tuple(sorted({*self.words.get(c, ()), *other.words.get(c, ())}))
                for c in {**self.words, **other.words}
            },
            tuple(sorted({*self.values, *other.values})),
            {c: max(self.shared.get(c, 0), other.shared.get(c, 0)) for c in {**self.shared, **other.shared}},
        )


@dataclass(frozen=True)
class Erasure:
    """Who was to be erased; what was wanted gone, until nothing of it is found; the receipt, once all was done.

    Whoever goes on with an erasure cannot learn the words from bronze any more, so they are kept until then.
    """

    number: int
    tenant: int
    customer: int
    source_rows: int
    wanted: Wanted | None
    receipt: Receipt | None = None

    @property
    def key(self) -> str:
        """The object's key."""
        return f"{PREFIX}{self.number:012d}.json"

    def to_json(self) -> bytes:
        """The object's body."""
        return json.dumps(asdict(self), indent=1, default=lambda value: value.astimezone(UTC).isoformat()).encode()


def newest(storage: Storage, bucket: str) -> Erasure | None:
    """The last erasure that was begun; None if there never was one."""
    keys = list(storage.keys(bucket, PREFIX))
    return _read(storage, bucket, keys[-1]) if keys else None


def unfinished(storage: Storage, bucket: str) -> Erasure | None:
    """The erasure that was cut off, if one was."""
    every = (_read(storage, bucket, key) for key in storage.keys(bucket, PREFIX))
    return next((each for each in every if each.receipt is None), None)


def unclean(storage: Storage, bucket: str, tenant: int, customer: int) -> Erasure | None:
    """The person's erasure after which something was left, if there is one."""
    for key in reversed(list(storage.keys(bucket, PREFIX))):
        found = _read(storage, bucket, key)
        if (found.tenant, found.customer) == (tenant, customer):
            return found if found.wanted else None
    return None


def begin(storage: Storage, bucket: str, erasure: Erasure) -> Erasure:
    """Write down that an erasure begins, under the next number, or under its own if it goes on."""
    last = newest(storage, bucket)
    begun = replace(erasure, number=erasure.number or (last.number + 1 if last else 1), receipt=None)
    storage.put(bucket, begun.key, begun.to_json())
    return begun


def finish(storage: Storage, bucket: str, begun: Erasure, receipt: Receipt) -> Erasure:
    """Write the receipt; with it the words go, unless one was found."""
    done = replace(begun, wanted=None if receipt.is_clean else begun.wanted, receipt=receipt)
    storage.put(bucket, done.key, done.to_json())
    return done


def require_finished(storage: Storage, bucket: str) -> None:
    """ErasureUnfinished while one is cut off."""
    last = unfinished(storage, bucket)
    if last is not None:
        raise ErasureUnfinished(
            f"the erasure of customer {last.customer} of tenant {last.tenant} was begun and not finished",
            hint=f"lakehouse erase --tenant {last.tenant} --customer {last.customer}, which goes on from there",
        )


def _read(storage: Storage, bucket: str, key: str) -> Erasure:
    return state.read(storage.get(bucket, key), f"s3://{bucket}/{key}", _from)


def _from(found: dict[str, Any]) -> Erasure:
    told = found["receipt"]
    if told is not None:
        lists = ("keys", "manifests", "tables", "found", "unreadable", "not_searched")
        told = Receipt(
            **told
            | {name: tuple(told[name]) for name in lists}
            | {
                "finished": datetime.fromisoformat(told["finished"]),
                "files": {key: (before, after) for key, (before, after) in told["files"].items()},
            }
        )
    wanted = found["wanted"]
    if wanted is not None:
        words = {column: tuple(each) for column, each in wanted["words"].items()}
        wanted = Wanted(words, tuple(wanted["values"]), wanted["shared"])
    return Erasure(**found | {"wanted": wanted, "receipt": told})
