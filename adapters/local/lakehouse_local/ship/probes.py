"""What is asked of two AWSs alike: statements of Athena that need no table, and calls whose refusal says enough.

A probe changes nothing and costs at most a query that reads no byte. Its answer is made of what must be the same
everywhere: states, types, printed values, error codes and messages; never of names, times or identifiers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from lakehouse_local.ship.measured import Client

QUERY_SECONDS = 120.0
_NOTHING = "lakehouse-parity-nothing"
_ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}

STATEMENTS = {
    "numbers": "SELECT 1, 2147483648, 1.50, 1e0, CAST(1.5 AS decimal(10,3)), CAST(0.1 AS real), 1/2, 5 % 3, -7 / 2",
    "doubles": "SELECT 1e10, 1e-5, 123456.789e0, nan(), infinity(), 0.1e0 + 0.2e0, CAST(1 AS double)",
    "texts": "SELECT 'a', '', 'quote''d', 'with \"quotes\"', 'a,b', CAST('ab' AS varchar(5)), CAST('ab' AS char(5))",
    "nulls": "SELECT NULL, CAST(NULL AS varchar), CAST(NULL AS integer), coalesce(NULL, 1), nullif(1, 1)",
    "booleans": "SELECT true, false, NOT true, true AND NULL, 1 = 1",
    "times": "SELECT DATE '2025-03-01', TIMESTAMP '2025-03-01 12:34:56.789', TIME '12:34:56', "
    "INTERVAL '2' DAY, INTERVAL '3' MONTH, TIMESTAMP '2025-03-01 12:34:56 UTC'",
    "nested": "SELECT ARRAY[1,2], MAP(ARRAY['a'], ARRAY[1]), CAST(ROW(1, 'x') AS ROW(n integer, t varchar)), "
    "ARRAY[ARRAY['a'], NULL], JSON '{\"a\": [1, null]}'",
    "binary": "SELECT X'00ff', to_utf8('é'), from_utf8(X'c3a9'), to_hex(md5(to_utf8('a')))",
    "names": 'SELECT 1, 2 AS two, count(*), 3 AS "Mixed Case" FROM (VALUES 1, 2) t',
    "dates": "SELECT date_trunc('month', DATE '2025-03-17'), date_add('day', 3, DATE '2025-02-27'), "
    "date_diff('hour', TIMESTAMP '2025-01-01 00:00:00', TIMESTAMP '2025-01-02 01:30:00'), "
    "format_datetime(TIMESTAMP '2025-03-01 12:34:56', 'yyyy-MM'), year(DATE '2025-03-01'), day_of_week(DATE '2025-03-02')",
    "strings": "SELECT regexp_extract('a1b22', '[0-9]+', 0), split('a,b', ','), strpos('hello', 'l'), substr('hello', -3), "
    "lpad('7', 3, '0'), reverse('abc'), concat('a', 'b', 'c'), split_part('a/b/c', '/', 2)",
    "aggregates": "SELECT sum(x), avg(x), min(x), max(x), count(x), array_agg(x ORDER BY x), approx_distinct(x) "
    "FROM (VALUES 1, 2, NULL) t(x)",
    "decimals": "SELECT sum(x), avg(x), x * x FROM (VALUES CAST(1.25 AS decimal(12,2))) t(x) GROUP BY x",
    "windows": "SELECT x, row_number() OVER (ORDER BY x DESC), lag(x) OVER (ORDER BY x) FROM (VALUES 1, 2) t(x) ORDER BY x",
    "unnest": "SELECT n, e FROM UNNEST(ARRAY['a','b']) WITH ORDINALITY t(e, n) ORDER BY n",
    "no statement": "SELEKT 1",
    "half a statement": "SELECT 1 FROM",
    "an unquoted hyphen": "SELECT 1 FROM lakehouse-poc_dev_bronze.core_tenant",
    "no such table": 'SELECT * FROM "default"."no_such_table_of_parity"',
    "no such column": "SELECT nothing FROM (VALUES 1) t(x)",
    "no such function": "SELECT no_such_function(1)",
    "wrong types": "SELECT 'a' + 1",
    "division by zero": "SELECT 1 / 0",
    "a bad cast": "SELECT CAST('x' AS integer)",
    "a tried cast": "SELECT TRY_CAST('x' AS integer), TRY(1 / 0)",
    "not grouped": "SELECT x, count(*) FROM (VALUES 1) t(x)",
}
CALLS: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "a database that is not there": ("glue", "get_database", {"Name": _NOTHING}),
    "a table that is not there": ("glue", "get_table", {"DatabaseName": _NOTHING, "Name": "t"}),
    "a crawler that is not there": ("glue", "get_crawler", {"Name": _NOTHING}),
    "a job that is not there": ("glue", "get_job", {"JobName": _NOTHING}),
    "starting a job that is not there": ("glue", "start_job_run", {"JobName": _NOTHING}),
    "a workflow that is not there": ("glue", "get_workflow", {"Name": _NOTHING}),
    "a trigger that is not there": ("glue", "get_trigger", {"Name": _NOTHING}),
    "a work group that is not there": ("athena", "get_work_group", {"WorkGroup": _NOTHING}),
    "a named query that is not there": (
        "athena",
        "get_named_query",
        {"NamedQueryId": "00000000-0000-0000-0000-000000000000"},
    ),
    "an execution that is not there": (
        "athena",
        "get_query_execution",
        {"QueryExecutionId": "00000000-0000-0000-0000-000000000000"},
    ),
    "an instance that is not there": (
        "dms",
        "describe_replication_instances",
        {"Filters": [{"Name": "replication-instance-id", "Values": [_NOTHING]}]},
    ),
    "an endpoint that is not there": (
        "dms",
        "describe_endpoints",
        {"Filters": [{"Name": "endpoint-id", "Values": [_NOTHING]}]},
    ),
    "a filter that is none": ("dms", "describe_endpoints", {"Filters": [{"Name": "colour", "Values": ["red"]}]}),
}

Answer = dict[str, Any]


@dataclass(frozen=True)
class Where:
    """How Athena is asked: the work group, and where results go (None: where the work group says)."""

    workgroup: str = "primary"
    output: str | None = None


@dataclass(frozen=True)
class Difference:
    """One probe whose answers differ, with both."""

    probe: str
    asked: str
    here: Answer
    there: Answer


def compare(
    here: tuple[Client, Where], there: tuple[Client, Where], step: Callable[[str, int, int], object]
) -> tuple[Difference, ...]:
    """Ask both everything; what they answer differently."""
    found = []
    total = len(STATEMENTS) + len(CALLS)
    for number, (name, statement) in enumerate(STATEMENTS.items()):
        step("probes", number, total)
        answers = [query(client("athena"), statement, where) for client, where in (here, there)]
        if answers[0] != answers[1]:
            found.append(Difference(name, statement, *answers))
    for number, (name, (service, method, request)) in enumerate(CALLS.items(), len(STATEMENTS)):
        step("probes", number, total)
        answers = [call(client(service), method, request) for client, _ in (here, there)]
        if answers[0] != answers[1]:
            found.append(Difference(name, f"{service}.{method}", *answers))
    step("probes", total, total)
    return tuple(found)


def call(client: Any, method: str, request: Mapping[str, Any]) -> Answer:
    """A call's refusal; that it was answered, if it was."""
    try:
        getattr(client, method)(**request)
    except ClientError as error:
        said = error.response["Error"]
        return {"code": said.get("Code"), "message": _plain(said.get("Message", ""))}
    return {"answered": True}


def query(athena: Any, statement: str, where: Where) -> Answer:
    """What became of a statement: refused, failed and why, or its columns and rows as they are printed."""
    output = {"ResultConfiguration": {"OutputLocation": where.output}} if where.output else {}
    try:
        started = athena.start_query_execution(QueryString=statement, WorkGroup=where.workgroup, **output)
    except ClientError as error:
        said = error.response["Error"]
        return {"refused": said.get("Code"), "message": _plain(said.get("Message", ""))}
    execution = started["QueryExecutionId"]
    wait = Retrying(
        retry=retry_if_result(lambda each: each["Status"]["State"] not in _ENDED),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(QUERY_SECONDS),
    )
    ended = wait(lambda: athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"])
    status = ended["Status"]
    if status["State"] != "SUCCEEDED":
        kind = status.get("AthenaError", {})
        kinds = {name: kind.get(name) for name in ("ErrorCategory", "ErrorType", "Retryable")}
        return {"state": status["State"], "reason": _plain(status.get("StateChangeReason", "")), **kinds}
    found = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]
    columns = found["ResultSetMetadata"]["ColumnInfo"]
    return {
        "state": "SUCCEEDED",
        "columns": [[c["Name"], c["Type"], c.get("Precision"), c.get("Scale"), c.get("Nullable")] for c in columns],
        "rows": [[cell.get("VarCharValue") for cell in row["Data"]] for row in found["Rows"]],
    }


def _plain(message: str) -> str:
    """A message without our hint, and without what AWS adds about the database, the request and where to ask."""
    for addition in (" (hint: ", ". This query ran against", " This query ran against", " (Service:"):
        message = message.partition(addition)[0]
    return message.split("\n", maxsplit=1)[0].strip()
