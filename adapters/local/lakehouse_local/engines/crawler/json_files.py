"""JSON: one document after another, or what a classifier's path picks out of them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lakehouse_local.engines.crawler.errors import FormatNotRead
from lakehouse_local.engines.crawler.model import Column, Format, JsonClassifier
from lakehouse_local.engines.crawler.objects import Object
from lakehouse_local.engines.crawler.sampling import Head, text
from lakehouse_local.engines.crawler.schema import COLUMNS, Schema, wider

_MAX_RECORDS = 10_000
_INT_BITS = 31
_PATH = re.compile(r"\$((?:\.[A-Za-z_]\w*)*)(\[\*\])?")
_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
SERDE = "org.openx.data.jsonserde.JsonSerDe"


def classify(found: Object, sample: Head, rule: JsonClassifier | None = None) -> Schema | None:
    """The object as JSON; None if it is not."""
    content = text(sample) if sample.whole or rule is None else None
    if not content or content.lstrip()[:1] not in ("{", "["):
        return None
    try:
        documents = list(_documents(content))
    except ValueError:
        return None
    records = [record for document in documents for record in _picked(document, rule)]
    if not records:
        return None
    types = _struct(records) if all(isinstance(record, dict) for record in records) else {"array": _type(records[0])}
    columns = tuple(Column(name.lower(), kind or "string") for name, kind in types.items())
    return Schema(
        object=found,
        format=Format("json", _INPUT, _OUTPUT, SERDE, {COLUMNS: ",".join(types)}),
        compression=sample.compression,
        columns=columns,
        rows=len(records),
        bytes=len(sample.body),
        fraction=1.0 if sample.whole else sample.read / found.size,
        parameters={"jsonPath": rule.path} if rule else {},
    )


def _documents(content: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    at, count = 0, 0
    while at < len(content) and count < _MAX_RECORDS:
        if content[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(content, at)
        count += 1
        yield document


def _picked(document: Any, rule: JsonClassifier | None) -> list[Any]:
    if rule is None:
        return [document]
    path = _PATH.fullmatch(rule.path)
    if path is None:
        raise FormatNotRead(
            f"the JSON path {rule.path!r} of classifier {rule.name} is not supported",
            hint="supported: $, $.a.b, $[*], $.a.b[*]",
        )
    for name in path[1].split(".")[1:]:
        document = document.get(name) if isinstance(document, dict) else None
    if not path[2]:
        return [] if document is None else [document]
    return list(document) if isinstance(document, list) else []


def _struct(records: list[dict[str, Any]]) -> dict[str, str]:
    types: dict[str, str] = {}
    for record in records:
        for name, value in record.items():
            types[name] = wider(types.get(name, ""), _type(value))
    return types


def _type(value: Any) -> str:
    """The Hive type of a value; empty for null, which every type holds."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if value.bit_length() <= _INT_BITS else "bigint"
    if isinstance(value, dict):
        return _type_of(_struct([value]))
    if isinstance(value, list):
        return f"array<{_element(value) or 'string'}>"
    return {type(None): "", bool: "boolean", float: "double"}.get(type(value), "string")


def _element(values: list[Any]) -> str:
    if values and all(isinstance(value, dict) for value in values):
        return _type_of(_struct(values))
    kind = ""
    for value in values:
        kind = wider(kind, _type(value))
    return kind


def _type_of(fields: dict[str, str]) -> str:
    return "struct<" + ",".join(f"{name}:{kind or 'string'}" for name, kind in fields.items()) + ">"
