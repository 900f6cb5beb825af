"""What the tests of Athena share: a client that waits, and rows as text."""

import time
from dataclasses import dataclass
from typing import Any

BUCKET = "lakehouse-poc-dev-athena-ti4jmrk8"
OUTPUT = f"s3://{BUCKET}/results/"
Rows = list[tuple[str | None, ...]]


@dataclass(frozen=True)
class Query:
    """An execution that has ended."""

    athena: Any
    execution: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.execution["QueryExecutionId"])

    @property
    def state(self) -> str:
        """How it ended."""
        return str(self.execution["Status"]["State"])

    @property
    def reason(self) -> str:
        """Why it did not succeed."""
        return str(self.execution["Status"].get("StateChangeReason", ""))

    def rows(self) -> Rows:
        """All rows of the result, over all pages."""
        pages = self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=self.id)
        return [
            tuple(datum.get("VarCharValue") for datum in row.get("Data", ()))
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]

    def columns(self) -> list[tuple[str, str, int, int]]:
        """The result's columns: name, type, precision, scale."""
        found = self.athena.get_query_results(QueryExecutionId=self.id)["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        return [(each["Name"], each["Type"], each["Precision"], each["Scale"]) for each in found]


def start(athena: Any, sql: str, database: str = "default", **request: Any) -> str:
    """Start a query; its id."""
    request = {
        "ResultConfiguration": {"OutputLocation": OUTPUT},
        "QueryExecutionContext": {"Database": database},
    } | request
    return str(athena.start_query_execution(QueryString=sql, **request)["QueryExecutionId"])


def ended(athena: Any, execution: str, seconds: float = 60) -> Query:
    """The execution as soon as it has ended."""
    deadline = time.monotonic() + seconds
    while True:
        found = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
        if found["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            return Query(athena, found)
        assert time.monotonic() < deadline, found
        time.sleep(0.01)


def run(athena: Any, sql: str, database: str = "default", **request: Any) -> Query:
    """Run a query to its end, whatever that is."""
    return ended(athena, start(athena, sql, database, **request))


def succeed(athena: Any, sql: str, database: str = "default", **request: Any) -> Query:
    """Run a query that must succeed."""
    query = run(athena, sql, database, **request)
    assert query.state == "SUCCEEDED", query.reason
    return query
