"""The beginning of an object, decompressed; which compression it has shows in its first bytes."""

import bz2
import zlib
from dataclasses import dataclass

from lakehouse_local.engines.crawler.objects import Object, Objects

HEAD_BYTES = 1 << 20
TEXT_BYTES = 4 << 20
_GZIP_WINDOW = 31


@dataclass(frozen=True)
class Head:
    """The first bytes of an object's content; ``whole`` if there is no more, ``read`` counts the stored bytes used."""

    body: bytes
    compression: str
    whole: bool
    read: int


def head(objects: Objects, found: Object) -> Head:
    """The beginning of an object: at most 1 MiB as stored, 4 MiB of content."""
    raw = objects.head(found, HEAD_BYTES)
    if raw.startswith(b"\x1f\x8b"):
        unzip = zlib.decompressobj(_GZIP_WINDOW)
        body = unzip.decompress(raw, TEXT_BYTES)
        used = len(raw) - len(unzip.unconsumed_tail)
        # Members follow each other in what some writers make; the first one is sample enough.
        return Head(body, "gzip", whole=unzip.eof and not unzip.unused_data and found.size <= len(raw), read=used)
    if raw.startswith(b"BZh"):
        burst = bz2.BZ2Decompressor()
        return Head(
            burst.decompress(raw, TEXT_BYTES), "bzip2", whole=burst.eof and found.size <= len(raw), read=len(raw)
        )
    return Head(raw, "none", whole=found.size <= len(raw), read=len(raw))


def text(sample: Head) -> str | None:
    """The sample as text without a cut last line; None if it is not UTF-8."""
    body = sample.body
    if not sample.whole:
        body = body[: body.rfind(b"\n") + 1]
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
