"""What an added column holds: texts, headers of the change (``$AR_H_...``) and the row's own columns, joined by ``||``."""

import re
from dataclasses import dataclass

from lakehouse_local.engines.dms.errors import DmsRulesInvalid

HEADERS = (
    "AR_H_CHANGE_SEQ",
    "AR_H_STREAM_POSITION",
    "AR_H_TIMESTAMP",
    "AR_H_COMMIT_TIMESTAMP",
    "AR_H_OPERATION",
    "AR_M_SOURCE_SCHEMA",
    "AR_M_SOURCE_TABLE_NAME",
)
_TOKEN = re.compile(r"""\s*(?:\$(?P<name>\w+)|'(?P<single>(?:[^']|'')*)'|"(?P<double>[^"]*)")\s*""")


@dataclass(frozen=True)
class Part:
    """One term: ``kind`` is text, header or column."""

    kind: str
    value: str


def parse_expression(text: str, rule: str) -> tuple[Part, ...]:
    """The terms of an expression.

    >>> parse_expression("'seq-' || $AR_H_CHANGE_SEQ", "1")
    (Part(kind='text', value='seq-'), Part(kind='header', value='AR_H_CHANGE_SEQ'))

    Raises:
        DmsRulesInvalid: anything else of SQLite's language, in which DMS's expressions are.
    """
    parts, at = [], 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            break
        if found["name"] is not None:
            name = found["name"]
            if name.startswith("AR_") and name not in HEADERS:
                raise DmsRulesInvalid(f"rule {rule}: ${name} is not had from PostgreSQL here; {', '.join(HEADERS)} are")
            parts.append(Part("header" if name.startswith("AR_") else "column", name))
        else:
            quoted = found["single"] is not None
            parts.append(Part("text", found["single"].replace("''", "'") if quoted else found["double"]))
        at = found.end()
        if at == len(text):
            return tuple(parts)
        if not text.startswith("||", at):
            break
        at += 2
    raise DmsRulesInvalid(
        f"rule {rule}: the expression {text!r} is not done here; done are $AR_H_..., $column and 'text', joined by ||"
    )
