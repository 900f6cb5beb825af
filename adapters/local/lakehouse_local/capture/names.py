"""How objects are named and how positions, times and change numbers are written, as DMS does it."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

from lakehouse_local.capture.settings import S3Settings

_MILLISECOND = timedelta(milliseconds=1)


def lsn_number(text: str) -> int:
    """PostgreSQL's ``X/Y`` as a number.

    >>> hex(lsn_number("16/B374D848"))
    '0x16b374d848'
    """
    high, low = text.split("/")
    return (int(high, 16) << 32) | int(low, 16)


def lsn_text(number: int) -> str:
    """The number as PostgreSQL writes it.

    >>> lsn_text(0x16B374D848)
    '16/B374D848'
    """
    return f"{number >> 32:X}/{number & 0xFFFFFFFF:X}"


def business_time(text: str) -> datetime:
    """An ISO 8601 time (UTC where it names no offset) as the source's clock tells it; ValueError if it is none."""
    told = datetime.fromisoformat(text.strip())
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def timestamp(at: datetime) -> str:
    """The timestamp column: ``yyyy-MM-dd HH:mm:ss.SSSSSS`` in UTC, always 26 characters."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def change_seq(commit_time: datetime, counter: int) -> str:
    """``AR_H_CHANGE_SEQ``: 16 digits of commit time (to the hundredth of a second), 19 of a counter that only rises.

    >>> change_seq(datetime(2024, 5, 1, 9, 30, 0, 120000, tzinfo=UTC), 7)
    '20240501093000120000000000000000007'
    """
    return f"{_hundredths(commit_time)}{counter:019d}"


@lru_cache(maxsize=1)  # all changes of a transaction have its commit's time
def _hundredths(commit_time: datetime) -> str:
    return f"{commit_time:%Y%m%d%H%M%S}{commit_time.microsecond // 10_000:02d}"


def stream_position(commit_lsn: int, sequence: int) -> str:
    """``AR_H_STREAM_POSITION``: where the commit record starts, and the change's number in the transaction.

    >>> stream_position(0x1A2B3C4, 7)
    '0000000001A2B3C4.00000007'
    """
    return f"{commit_lsn:016X}.{sequence:08X}"


def next_file_time(first_commit: datetime, previous: datetime | None) -> datetime:
    """The time in a file's name: its first transaction's commit, later than the previous file's by at least 1 ms."""
    time = first_commit.replace(microsecond=first_commit.microsecond // 1000 * 1000)
    return time if previous is None or time > previous else previous + _MILLISECOND


def load_key(settings: S3Settings, schema: str, table: str, number: int) -> str:
    """A load file: its number is hexadecimal, as DMS counts.

    >>> load_key(S3Settings(), "public", "core_event", 10)
    'dms-data/public/core_event/LOAD0000000A.csv.gz'
    """
    return _joined(settings.BucketFolder, _safe(schema), _safe(table), f"LOAD{number:08X}.csv.gz")


def load_number(key: str) -> int:
    """The number of a load file, by its key."""
    return int(key.rsplit("/LOAD", 1)[1].removesuffix(".csv.gz"), 16)


def changes_key(settings: S3Settings, table: tuple[str, str] | None, at: datetime) -> str:
    """A file of changes, of all tables (None) or of one (schema, table), named by time in UTC."""
    millisecond = f"{at.microsecond // 1000:03d}"
    if table is None:
        return _joined(settings.BucketFolder, settings.CdcPath, f"CDC_TXN-{at:%Y%m%d%H%M%S}{millisecond}.csv.gz")
    return _joined(settings.BucketFolder, _safe(table[0]), _safe(table[1]), f"{at:%Y%m%d-%H%M%S}{millisecond}.csv.gz")


def topic_part(name: str) -> str:
    """A name of PostgreSQL as one part of a topic's name: what is special in a key, and the dot, is escaped.

    >>> topic_part("core_event"), topic_part("a.b")
    ('core_event', 'a%2Eb')
    """
    return _safe(name).replace(".", "%2E")


def _safe(name: str) -> str:
    """A name of PostgreSQL as one segment of a key: letters, digits, ``_.-~`` and spaces stay."""
    return quote(name, safe=" ")


def _joined(*folders: str) -> str:
    return "/".join(folder.strip("/") for folder in folders if folder.strip("/"))
