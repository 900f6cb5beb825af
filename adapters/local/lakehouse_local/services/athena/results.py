"""Result files in S3: written as Athena writes them, read back page by page without being held."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_local.engines.athena.errors import Category, Kind, QueryFailed
from lakehouse_local.engines.athena.lake import split
from lakehouse_local.engines.athena.model import Heading
from lakehouse_local.environment import S3Part
from lakehouse_local.providers import s3_client
from lakehouse_local.services.athena.errors import invalid

_CHUNK_BYTES = 256 * 1024
_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n]|$)')
_SMALL_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Page:
    """Rows of a result file, NULL as None; ``position`` is where the next row starts, None at the end."""

    rows: list[list[str | None]]
    position: int | None


class Results:
    """The results of one S3."""

    def __init__(self, part: S3Part) -> None:
        self._client = s3_client.client(part)
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="athena-results")
        self._buckets: set[str] = set()

    def check_bucket(self, uri: str) -> None:
        """That the bucket of an output location is there."""
        bucket, _ = split(uri)
        if bucket in self._buckets:
            return
        try:
            self._client.head_bucket(Bucket=bucket)
        except ClientError:
            raise invalid(f"Unable to verify/create output bucket {bucket}") from None
        self._buckets.add(bucket)

    def store(self, files: Mapping[str, Path | bytes]) -> None:
        """Write objects by address, side by side; QueryFailed if one cannot be."""
        try:
            list(self._pool.map(self._put, files.items()))
        except (ClientError, BotoCoreError) as error:
            raise QueryFailed(
                f"Unable to write results to the output location: {error}", Kind.OUTPUT, category=Category.USER
            ) from None

    def _put(self, item: tuple[str, Path | bytes]) -> None:
        uri, body = item
        bucket, key = split(uri)
        if isinstance(body, Path) and body.stat().st_size > _SMALL_BYTES:
            self._client.upload_file(str(body), bucket, key)
            return
        self._client.put_object(Bucket=bucket, Key=key, Body=body.read_bytes() if isinstance(body, Path) else body)

    def keys(self, uri: str) -> list[str]:
        """The addresses of the objects below one."""
        bucket, key = split(uri)
        try:
            found = self._client.list_objects_v2(Bucket=bucket, Prefix=key)
        except ClientError as error:
            raise QueryFailed(f"s3://{bucket} cannot be read: {error}", Kind.BUCKET_NOT_FOUND) from None
        return [f"s3://{bucket}/{item['Key']}" for item in found.get("Contents", ())]

    def folders(self, uri: str) -> Iterator[str]:
        """The keys below an address, relative to it, page by page."""
        bucket, key = split(uri)
        for found in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
            yield from (item["Key"][len(key) :] for item in found.get("Contents", ()))

    def csv(self, uri: str, position: int, count: int) -> Page:
        """``count`` rows from a position of a ``.csv``."""
        rows: list[list[str | None]] = []
        for row, end in _rows(self._text(uri, position)):
            if len(rows) == count:
                return Page(rows, position)
            rows.append(row)
            position += end
        return Page(rows, None)

    def lines(self, uri: str, position: int, count: int, columns: int) -> Page:
        """``count`` lines from line number ``position`` of a ``.txt``: a DDL statement's, never large."""
        text = "".join(self._text(uri, 0))
        listed = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []
        chosen = listed[position : position + count]
        rows: list[list[str | None]] = [
            list(line.split("\t", columns - 1)) if columns > 1 else [line] for line in chosen
        ]
        following = position + count
        return Page(rows, following if following < len(listed) else None)

    def _text(self, uri: str, position: int) -> Iterator[str]:
        """The object's text from a byte on, in pieces that end at whole characters; no more is fetched than is taken."""
        bucket, key = split(uri)
        rest = b""
        while True:
            wanted = f"bytes={position}-{position + _CHUNK_BYTES - 1}"
            try:
                chunk = self._client.get_object(Bucket=bucket, Key=key, Range=wanted)["Body"].read()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == "InvalidRange":  # nothing is left
                    chunk = b""
                else:
                    raise invalid(f"Unable to read the result {uri}: {error}") from None
            position += len(chunk)
            data = rest + chunk
            end = len(data) if len(chunk) < _CHUNK_BYTES else _whole(data)
            rest = data[end:]
            yield data[:end].decode()
            if len(chunk) < _CHUNK_BYTES:
                return

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


def _whole(data: bytes) -> int:
    """How many bytes end with a whole character."""
    end = len(data)
    for back in range(1, min(4, end) + 1):
        byte = data[end - back]
        if byte < 0x80:
            return end
        if byte >= 0xC0:
            width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return end if back >= width else end - back
    return end


def _rows(pieces: Iterator[str]) -> Iterator[tuple[list[str | None], int]]:
    """Rows of a result file and their lengths in bytes; nothing is NULL, ``""`` the empty text."""
    text, start = "", 0
    for piece in pieces:
        text, start = text[start:] + piece, 0
        while (end := _row_end(text, start)) >= 0:
            yield _fields(text[start:end]), len(text[start : end + 1].encode())
            start = end + 1
    if text[start:]:
        yield _fields(text[start:]), len(text[start:].encode())


def _row_end(text: str, start: int) -> int:
    """Where the row that starts there ends: a line feed outside quotes; -1 if it is not here yet."""
    end = text.find("\n", start)
    while end >= 0 and text.count('"', start, end) % 2:
        end = text.find("\n", end + 1)
    return end


def _fields(row: str) -> list[str | None]:
    found: list[str | None] = []
    for match in _FIELD.finditer(row):
        found.append(match[1].replace('""', '"') if match[1] is not None else match[2] or None)
        if not match[3]:
            break
    return found


def column_info(heading: Heading) -> dict[str, Any]:
    """A ColumnInfo."""
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": heading.name,
        "Label": heading.name,
        "Type": heading.type,
        "Precision": heading.precision,
        "Scale": heading.scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": heading.type in {"varchar", "char"},
    }


def rows_of(rows: Sequence[Sequence[str | None]]) -> list[dict[str, Any]]:
    """Rows as GetQueryResults has them: NULL is a Datum without a member."""
    return [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows]


def encoded_metadata(headings: Sequence[Heading]) -> bytes:
    """A ``.metadata`` file: one protocol buffer message per column, as Athena's own drivers read it."""
    out = bytearray()
    for heading in headings:
        body = b"".join(
            (
                _text_field(1, "hive"),
                _text_field(4, heading.name),
                _text_field(5, heading.name),
                _text_field(6, heading.type),
                _number_field(7, heading.precision),
                _number_field(8, heading.scale),
                _number_field(9, 3),
                _number_field(10, int(heading.type in {"varchar", "char"})),
            )
        )
        out += b"\x22" + _varint(len(body)) + body
    return bytes(out)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _text_field(number: int, text: str) -> bytes:
    data = text.encode()
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _number_field(number: int, value: int) -> bytes:
    return bytes([number << 3]) + _varint(value)
