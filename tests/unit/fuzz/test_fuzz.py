"""Every reader of what others write, fed with nearly right and with wild input: it answers, or raises an error of ours.

``CHAOS_SHARE=1`` (`make chaos`) tries a hundred times as much.
"""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chaos.share import SHARE
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from manifests import EMPTY
from typer.main import get_command

from lakehouse_core.errors import LakehouseError
from lakehouse_local import state
from lakehouse_local.capture import manifest, mappings
from lakehouse_local.capture import settings as s3_settings
from lakehouse_local.capture.manifest import FileEntry, TableEntry
from lakehouse_local.cli import app
from lakehouse_local.engines.athena import statements
from lakehouse_local.engines.athena.errors import QueryFailed, SyntaxInvalid
from lakehouse_local.engines.dms.rules import parse_rules
from lakehouse_local.engines.schedule import cron
from lakehouse_local.lake.intent import Intent
from lakehouse_local.lake.records import Applied, RunRecord, TableRecord
from lakehouse_local.query.engine import parse_as_of
from lakehouse_local.services.dms.task_settings import DEFAULT, parse_settings
from lakehouse_local.services.service import AwsError
from source_app.errors import SourceError

OURS = (LakehouseError, SourceError, AwsError, SyntaxInvalid, QueryFailed)
EXAMPLES = max(50, round(5_000 * SHARE))
MANIFEST = replace(
    EMPTY,
    files=(FileEntry("k", 1, "a", 1, None, "a", "b"),),
    tables={"public.t": TableEntry(("id",), ("int",), ("id",), 1)},
)
RECORD = RunRecord(
    1,
    datetime(2026, 1, 1, tzinfo=UTC),
    "hudi",
    "dms",
    Applied(1, 3, 2),
    {"silver.order": TableRecord("c", columns=("id",))},
)
RULES = {
    "rules": [
        {"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
         "object-locator": {"schema-name": "public", "table-name": "%"}},
        {"rule-type": "transformation", "rule-id": "2", "rule-name": "2", "rule-target": "column",
         "rule-action": "remove-column",
         "object-locator": {"schema-name": "public", "table-name": "t", "column-name": "c"}},
    ]
}  # fmt: skip
SQL = (
    "SELECT a, count(*) AS n FROM t WHERE b > 1.5 AND c LIKE 'x%' GROUP BY a HAVING count(*) > 2 ORDER BY n DESC LIMIT 3",
    "WITH s AS (SELECT * FROM t) SELECT s.a, rank() OVER (PARTITION BY b ORDER BY c) FROM s JOIN u ON s.a = u.a",
    "CREATE TABLE c WITH (format = 'PARQUET', external_location = 's3://b/k/') AS SELECT 1 AS a",
    (
        "CREATE EXTERNAL TABLE IF NOT EXISTS d.t (a int, b struct<c:array<string>>) PARTITIONED BY (p date) "
        "ROW FORMAT SERDE 'x' WITH SERDEPROPERTIES ('a' = 'b') LOCATION 's3://b/k/' TBLPROPERTIES ('p' = 'q')"
    ),
    "UNLOAD (SELECT * FROM t) TO 's3://b/u/' WITH (format = 'PARQUET', partitioned_by = ARRAY['p'])",
    "ALTER TABLE t ADD PARTITION (p = '2026-01-01') LOCATION 's3://b/k/'",
    "INSERT INTO t (a) VALUES (1), (2)",
    "PREPARE p FROM SELECT ? + 1",
    "EXECUTE p USING 1, 'two'",
    "SHOW TABLES IN d 'a*'",
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("%") | st.just(""),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def nearly(draw: st.DrawFn, right: Any) -> Any:
    """The document with one thing in it replaced, taken away or added."""
    document = copy.deepcopy(right)
    at = document
    while isinstance(at, dict | list) and at:
        key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        inner = at[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            what = draw(st.sampled_from(("replace", "remove", "add")))
            if what == "remove":
                del at[key]
            elif what == "replace" or isinstance(at, list):
                at[key] = draw(values)
            else:
                at[draw(st.text(max_size=8))] = draw(values)
            break
        at = inner
    return document


@st.composite
def edited(draw: st.DrawFn, texts: tuple[str, ...]) -> str:
    """One of the texts with a piece cut out, doubled, or replaced by something else."""
    text = draw(st.sampled_from(texts))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 12)))
    piece = draw(
        st.sampled_from(("", text[start:end] * 2, "'", '"', "(", ")", ";", "--", "/*", "\x00", "é", "{0}", "$$"))
    )
    return text[:start] + (piece or draw(st.text(max_size=5))) + text[end:]


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


# What reads each document, and one that it takes.
DOCUMENTS: dict[str, tuple[Callable[[Any], object], Any]] = {
    "manifest": (lambda found: manifest.from_json(_json(found)), json.loads(MANIFEST.to_json())),
    "run record": (lambda found: RunRecord.from_json(_json(found)), json.loads(RECORD.to_json())),
    "intent": (
        lambda found: state.read(_json(found), "an intent", lambda it: Intent(**it)),
        asdict(Intent(1, 1, 2, 3)),
    ),
    "table mappings": (mappings.parse, mappings.DEFAULT),
    "DMS table mappings": (lambda found: parse_rules(json.dumps(found)), RULES),
    "DMS S3 settings": (
        lambda found: isinstance(found, dict) and s3_settings.from_dms(found),  # of a request whose shape was checked
        asdict(s3_settings.POC),
    ),
    "DMS task settings": (lambda found: parse_settings(json.dumps(found)), DEFAULT),
}
READERS: dict[str, tuple[Callable[[Any], object], st.SearchStrategy[Any]]] = {
    **{name: (read, nearly(right)) for name, (read, right) in DOCUMENTS.items()},
    "manifest's bytes": (manifest.from_json, st.binary(max_size=60)),
    "run record's bytes": (RunRecord.from_json, st.binary(max_size=60)),
    "intent's bytes": (lambda body: state.read(body, "an intent", lambda it: Intent(**it)), st.binary(max_size=60)),
    "table mappings that lack some": (mappings.parse, nearly(RULES)),
    "DMS table mappings' text": (parse_rules, st.text(max_size=60)),
    "DMS task settings' text": (parse_settings, st.text(max_size=60)),
    "Athena SQL": (statements.parse, edited(SQL) | st.text(max_size=60)),
    "schedule": (cron.parse, edited(("cron(0 12 ? * MON-FRI *)", "rate(5 minutes)")) | st.text(max_size=30)),
    "business time": (parse_as_of, edited(("2026-01-01", "2026-01-01T10:00:00Z", "2026-01-01 10:00+02:00"))),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_answers_or_says_what_is_wrong(reader: str) -> None:
    """No other exception leaves it."""
    read, inputs = READERS[reader]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=SHARE < 1)
    @given(inputs)
    def fuzz(given_input: Any) -> None:
        with suppress(*OURS):
            read(given_input)

    fuzz()


NASTY: tuple[Any, ...] = (
    float("inf"), float("-inf"), float("nan"), 10**400, 2**63, -1, 0, 1.5, True, None, "", "nan", "\ud800", "\x00", "9" * 5000,
    [], {}, [[]], [None], {"": None}, [float("inf")], {"a": float("nan")},
)  # fmt: skip


def with_each_place(document: Any, value: Any) -> Iterator[Any]:
    """The document with the value in the place of each thing in it, one after the other."""
    yield value
    for at in (
        list(document) if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    ):
        for inner in with_each_place(document[at], value):
            changed = copy.copy(document)
            changed[at] = inner
            yield changed


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_value_in_any_place_is_an_internal_failure(name: str) -> None:
    """Numbers that JSON has not and Python reads, numbers and texts without an end, lists for objects: each in each place."""
    read, right = DOCUMENTS[name]
    read(right)
    for value in NASTY:
        for document in with_each_place(right, value):
            with suppress(*OURS):
                read(document)


ARGUMENTS = (
    "seed", "run", "verify", "query", "history", "simulate", "replicate", "status", "env", "watch", "dashboard", "cost",
    "backfill", "upgrade", "deploy", "parity", "doctor", "--json", "--scale", "--seed", "--days", "--format", "--as-of",
    "--from", "--to", "--wire", "--once", "-1", "0", "9" * 30, "nan", "", "../../etc", "2026-13-45", "a;drop", "hudi",
    "select 1", "\x1b[31m", "é", "--", "--help",
)  # fmt: skip


def test_a_command_line_ends_in_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever words come, the end is an answer, a usage error, or an error of ours: no other exception."""
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "home"))
    command = get_command(app)

    # A lakehouse is not started: `up` is not among the words.
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=SHARE < 1)
    @given(st.lists(st.sampled_from(ARGUMENTS), min_size=1, max_size=5))
    def fuzz(words: list[str]) -> None:
        done = CliRunner().invoke(command, words)
        assert done.exception is None or isinstance(done.exception, SystemExit | LakehouseError | SourceError), words

    fuzz()
