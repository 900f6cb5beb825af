"""An AWS endpoint of a bench's own over moto, in a process of its own, and Athena asked through it."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config

from lakehouse_core.contracts import Naming
from lakehouse_local import settings
from lakehouse_local.environment import AwsPart, S3Part
from lakehouse_local.gateway.server import GatewayServer
from lakehouse_local.providers.servers import running_s3

CLIENTS = 50
RESULTS = f"s3://{Naming().bucket('athena')}/"

Client = Callable[[str], Any]


@dataclass(frozen=True)
class Endpoint:
    """Makes clients by service name; ``process`` is the endpoint's own; ``folder`` is scratch, gone afterwards."""

    client: Client
    process: psutil.Process
    folder: Path
    cache: Path


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Start S3 and the endpoint in a scratch folder, and end both."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as scratch:
        own = replace(settings.from_environment(), home=Path(scratch), s3="moto", driver_memory="1g")
        with running_s3(own) as s3:
            before = {each.pid for each in psutil.Process().children()}
            server = GatewayServer(own)
            try:
                client = _clients(server.start(s3), s3)
                (process,) = (each for each in psutil.Process().children() if each.pid not in before)
                yield Endpoint(client, process, own.home, own.cache)
            finally:
                server.stop()


def _clients(aws: AwsPart, s3: S3Part) -> Client:
    keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key}
    config = Config(max_pool_connections=CLIENTS, retries={"total_max_attempts": 1})

    def client(service: str) -> Any:
        where = {"endpoint_url": aws.endpoint, "region_name": s3.region, "config": config}
        return boto3.session.Session().client(service, **where, **keys)  # type: ignore[call-overload]

    return client


def ask(athena: Any, sql: str, **more: Any) -> Any:
    """From StartQueryExecution to GetQueryResults, polled every 5 milliseconds; the execution as it ended."""
    started = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": RESULTS}, **more)
    execution = started["QueryExecutionId"]
    while True:
        found = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
        if found["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            break
        time.sleep(0.005)
    if found["Status"]["State"] != "SUCCEEDED":
        raise SystemExit(f"{sql}: {found['Status']}")
    if found["StatementType"] == "DML":
        athena.get_query_results(QueryExecutionId=execution)
    return found
