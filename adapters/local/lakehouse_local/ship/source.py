"""The source's address, which changes (the POC's tunnel), kept in one place: the secret that DMS's endpoint reads.

DMS reads the secret whenever it connects, so a running task keeps its connection until it is stopped and resumed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from lakehouse_local.ship.errors import SourceUnreachable
from lakehouse_local.ship.measured import Client

TEST_SECONDS = 300.0
_AGAIN = "the secret holds the old address again"
_STILL = "the secret had no address before, and holds this one"


@dataclass(frozen=True)
class Address:
    """Where the source's PostgreSQL is, and as whom DMS logs in; what is None stays as it is in the secret."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class Moved:
    """What was done: the secret, the tested endpoint, the tasks that still hold a connection to the old address."""

    secret: str
    endpoint: str
    running: tuple[str, ...]


def move(client: Client, prefix: str, address: Address, say: Callable[[str], object]) -> Moved:
    """Write the address into the deployment's secret, then have DMS connect by it.

    Args:
        client: makes clients of the account.
        prefix: the deployment's names' first part (``lakehouse-poc-dev``).
        address: the new one.
        say: told what is being done.

    Raises:
        SourceUnreachable: DMS could not connect; the old address is in the secret again.
    """
    secrets, dms = client("secretsmanager"), client("dms")
    name = f"{prefix}/source"
    before = secrets.get_secret_value(SecretId=name)["SecretString"] if _has_value(secrets, name) else None
    known = json.loads(before) if before else {}
    given = {"username": address.username, "password": address.password}
    value = known | {"host": address.host, "port": address.port} | {k: v for k, v in given.items() if v is not None}
    missing = [each for each in ("username", "password") if not value.get(each)]
    if missing:
        raise SourceUnreachable(
            f"the secret {name} has no {' and no '.join(missing)} yet",
            hint="give them once: --username NAME, and the password by --password-stdin",
        )
    say(f"writing {address.host}:{address.port} into the secret {name}")
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(value))
    say("testing the connection from DMS")
    problem = _tested(dms, prefix)
    if problem:
        if before is not None:
            secrets.put_secret_value(SecretId=name, SecretString=before)
        raise SourceUnreachable(
            f"DMS cannot connect to {address.host}:{address.port}: {problem}",
            hint=f"{_AGAIN if before is not None else _STILL}; look at the source's listen_addresses, pg_hba.conf, firewall and "
            "certificate (its name must be the host's)",
        )
    endpoint = f"{prefix}-source"
    return Moved(name, endpoint, _running(dms, _arn(dms, endpoint)))


def _has_value(secrets: Any, name: str) -> bool:
    return bool(secrets.describe_secret(SecretId=name).get("VersionIdsToStages"))


def _arn(dms: Any, endpoint: str) -> str:
    found = dms.describe_endpoints(Filters=[{"Name": "endpoint-id", "Values": [endpoint]}])
    return str(found["Endpoints"][0]["EndpointArn"])


def _running(dms: Any, endpoint: str) -> tuple[str, ...]:
    try:
        found = dms.describe_replication_tasks(Filters=[{"Name": "endpoint-arn", "Values": [endpoint]}])
    except dms.exceptions.ResourceNotFoundFault:  # what DMS answers where no task matches
        return ()
    tasks = found["ReplicationTasks"]
    return tuple(each["ReplicationTaskIdentifier"] for each in tasks if each["Status"] == "running")


def _tested(dms: Any, prefix: str) -> str | None:
    """What DMS says of a connection: None if it is there."""
    endpoint = _arn(dms, f"{prefix}-source")
    found = dms.describe_replication_instances(
        Filters=[{"Name": "replication-instance-id", "Values": [f"{prefix}-replication"]}]
    )
    instance = found["ReplicationInstances"][0]["ReplicationInstanceArn"]
    dms.test_connection(ReplicationInstanceArn=instance, EndpointArn=endpoint)

    def look() -> Any:
        filters = [{"Name": "endpoint-arn", "Values": [endpoint]}]
        return dms.describe_connections(Filters=filters)["Connections"][0]

    wait = Retrying(
        retry=retry_if_result(lambda each: each["Status"] == "testing"),
        wait=wait_fixed(1),
        stop=stop_after_delay(TEST_SECONDS),
    )
    try:
        ended = wait(look)
    except RetryError:
        return f"the test has not ended within {TEST_SECONDS:.0f} s"
    return None if ended["Status"] == "successful" else str(ended.get("LastFailureMessage") or ended["Status"])
