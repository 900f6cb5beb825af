"""What is deployed: objects by their bytes, the source's address in its one secret."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from aws_endpoint import Endpoint, until
from psycopg2.extensions import parse_dsn

from lakehouse_core.contracts import Naming
from lakehouse_local.environment import PostgresPart
from lakehouse_local.ship import account, bill, deploy, measured, plan, prices, probes, source
from lakehouse_local.ship.errors import (
    AccountRefused,
    CheckoutInvalid,
    NothingMeasured,
    SourceUnreachable,
    WheelNotBuilt,
)

ROOT = Path(__file__).parents[2]
BUCKET = Naming().bucket("scripts")
OWN = "lakehouse-deployed-by-a-test"
PREFIX = "lakehouse-poc-dev"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a deployment is made of, which a test may change."""
    for name in ("lakehouse_core", "adapters", "source_app", "infra"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".terraform"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_what_is_there_is_not_uploaded_again(checkout: Path, s3_client: Any) -> None:
    """The same sources make the same bytes; what changed is found by its checksum, and only that is put."""
    s3_client.create_bucket(Bucket=OWN, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    wanted = deploy.artifacts(checkout)
    assert {step.state for step in deploy.steps(s3_client, OWN, wanted)} == {"new"}
    assert "Contents" not in s3_client.list_objects_v2(Bucket=OWN)
    assert {step.state for step in deploy.apply(s3_client, OWN, wanted)} == {"new"}
    keys = [each["Key"] for each in s3_client.list_objects_v2(Bucket=OWN)["Contents"]]
    assert sorted(keys) == sorted(each.key for each in wanted)
    assert {"jobs/silver.py", "jobs/gold.py", "queries/bronze/core_tenant.sql"} < set(keys)
    assert {step.state for step in deploy.steps(s3_client, OWN, deploy.artifacts(checkout))} == {"same"}
    script = checkout / "adapters" / "aws" / "jobs" / "gold.py"
    script.write_text(script.read_text() + "# changed\n")
    done = {step.key: step.state for step in deploy.apply(s3_client, OWN, deploy.artifacts(checkout))}
    assert {key for key, state in done.items() if state != "same"} == {"jobs/gold.py"}
    assert s3_client.get_object(Bucket=OWN, Key="jobs/gold.py")["Body"].read().endswith(b"# changed\n")


def test_a_bucket_that_is_not_there(checkout: Path, s3_client: Any) -> None:
    """It is named; a plan that calls everything new would pretend."""
    with pytest.raises(AccountRefused, match="HeadBucket: 404"), account.named():
        deploy.steps(s3_client, "lakehouse-poc-dev-scripts-elsewhere", deploy.artifacts(checkout))


def test_what_is_no_checkout(tmp_path: Path, checkout: Path) -> None:
    """Is named, before anything is asked of AWS."""
    with pytest.raises(CheckoutInvalid, match="no checkout"):
        deploy.artifacts(tmp_path / "elsewhere")
    (checkout / "pyproject.toml").write_text("[build-system")
    with pytest.raises(WheelNotBuilt):
        deploy.artifacts(checkout)


@pytest.fixture
def deployment(endpoint: Endpoint, postgres: PostgresPart) -> dict[str, Any]:
    """A deployment's secret (without a value), replication instance and source endpoint; how PostgreSQL is reached."""
    dms, secrets = endpoint.client("dms"), endpoint.client("secretsmanager")
    secret = secrets.create_secret(Name=f"{PREFIX}/source")["ARN"]
    told = parse_dsn(postgres.capture_dsn)
    ca = (
        dms.import_certificate(CertificateIdentifier="ca", CertificatePem=Path(told["sslrootcert"]).read_text())
        if (told.get("sslmode") == "verify-full")
        else None
    )
    dms.create_replication_instance(
        ReplicationInstanceIdentifier=f"{PREFIX}-replication", ReplicationInstanceClass="dms.t3.medium"
    )
    dms.create_endpoint(
        EndpointIdentifier=f"{PREFIX}-source",
        EndpointType="source",
        EngineName="postgres",
        DatabaseName=told["dbname"],
        SslMode="verify-full" if ca else "none",
        **({"CertificateArn": ca["Certificate"]["CertificateArn"]} if ca else {}),
        PostgreSQLSettings={
            "SecretsManagerSecretId": secret,
            "SecretsManagerAccessRoleArn": "arn:aws:iam::000000000000:role/r",
        },
    )
    return told


def test_the_sources_address_is_in_one_place(endpoint: Endpoint, deployment: dict[str, Any]) -> None:
    """The first address needs the login; a new one keeps it; one that does not answer is taken back."""
    secrets = endpoint.client("secretsmanager")
    kept = lambda: json.loads(secrets.get_secret_value(SecretId=f"{PREFIX}/source")["SecretString"])  # noqa: E731
    said: list[str] = []
    host, port = deployment["host"], int(deployment["port"])
    with pytest.raises(SourceUnreachable, match="no username and no password"):
        source.move(endpoint.client, PREFIX, source.Address(host, port), said.append)
    whole = source.Address(host, port, deployment["user"], deployment["password"])
    moved = source.move(endpoint.client, PREFIX, whole, said.append)
    assert (moved.secret, moved.endpoint, moved.running) == (f"{PREFIX}/source", f"{PREFIX}-source", ())
    known = {"username": deployment["user"], "password": deployment["password"]}
    assert kept() == known | {"host": host, "port": port}
    with pytest.raises(SourceUnreachable, match=f"{host}:1"):
        source.move(endpoint.client, PREFIX, source.Address(host, 1), said.append)
    assert kept() == known | {"host": host, "port": port}
    assert not any(deployment["password"] in line for line in said)


class Altered:
    """An Athena that answers as the endpoint does, but for one member of one answer."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_query_results(self, **request: Any) -> Any:
        """The result with every integer called bigint."""
        found = self._client.get_query_results(**request)
        for column in found["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]:
            column["Type"] = column["Type"].replace("integer", "bigint")
        return found


def test_parity_finds_what_differs(endpoint: Endpoint) -> None:
    """The endpoint beside itself has no difference; beside one that answers otherwise, exactly that is shown."""
    where = probes.Where(output=f"s3://{BUCKET}/parity/")
    same = (endpoint.client, where)
    steps: list[tuple[str, int, int]] = []
    assert probes.compare(same, same, lambda *step: steps.append(step)) == ()
    assert steps[-1] == ("probes", len(steps) - 1, len(steps) - 1)

    def altered(service: str) -> Any:
        client = endpoint.client(service)
        return Altered(client) if service == "athena" else client

    found = {each.probe: each for each in probes.compare(same, (altered, where), lambda *_: None)}
    assert {"numbers", "names"} <= set(found)
    assert not {"texts", "no statement", "no such table", "a job that is not there"} & set(found)
    assert found["names"].here["columns"][0][:2] == ["_col0", "integer"]
    assert found["names"].there["columns"][0][:2] == ["_col0", "bigint"]


def test_every_probe_is_answered(endpoint: Endpoint) -> None:
    """No probe fails for a reason of ours: what AWS answers is answered, what it refuses is refused by its codes."""
    where = probes.Where(output=f"s3://{BUCKET}/parity/")
    answers = {name: probes.query(endpoint.client("athena"), text, where) for name, text in probes.STATEMENTS.items()}
    refused = {name for name, answer in answers.items() if "refused" in answer}
    failed = {name for name, answer in answers.items() if answer.get("state") == "FAILED"}
    assert refused == {"no statement", "half a statement", "an unquoted hyphen"}
    assert failed == {
        "no such table",
        "no such column",
        "no such function",
        "wrong types",
        "division by zero",
        "a bad cast",
        "not grouped",
    }
    for service, method, request in probes.CALLS.values():
        answer = probes.call(endpoint.client(service), method, request)
        assert answer.get("code") not in {None, "InternalFailure", "NotImplemented"}, (method, answer)


def test_the_bill_follows_what_ran(endpoint: Endpoint, s3_client: Any, glue: Any) -> None:
    """Runs, queries and objects of the endpoint are what the prediction rests on; before a run there is none."""
    planned = plan.Plan(
        (
            plan.Resource("m.aws_glue_job.silver", "aws_glue_job", {"name": "shop-prod-silver-tenant"}),
            plan.Resource(
                "m.aws_glue_trigger.hourly",
                "aws_glue_trigger",
                {
                    "type": "SCHEDULED",
                    "schedule": "cron(0 * * * ? *)",
                    "actions": [{"job_name": "shop-prod-silver-tenant"}],
                },
            ),
        )
    )
    buckets = {layer: Naming().bucket(layer) for layer in measured.LAYERS}
    before = measured.measure(endpoint.client, buckets)
    with pytest.raises(NothingMeasured):
        bill.predict(planned, before, prices.read(), bill.Assumptions())
    s3_client.put_object(Bucket=buckets["gold"], Key="bill/object", Body=b"x" * 1000)
    s3_client.put_object(Bucket=BUCKET, Key="bill.py", Body=b"print('done')")
    name = f"{PREFIX}-silver-tenant"
    command = {"Name": "pythonshell", "ScriptLocation": f"s3://{BUCKET}/bill.py", "PythonVersion": "3.9"}
    glue.create_job(Name=name, Role="r", Command=command)
    run = glue.start_job_run(JobName=name)["JobRunId"]
    until(lambda: glue.get_job_run(JobName=name, RunId=run)["JobRun"]["JobRunState"] == "SUCCEEDED", 60)
    answer = probes.query(endpoint.client("athena"), "select 1", probes.Where(output=f"s3://{BUCKET}/bill/"))
    assert answer["state"] == "SUCCEEDED"
    after = measured.measure(endpoint.client, buckets)
    glue.delete_job(JobName=name)
    assert len(after.job_seconds["silver-tenant"]) == 1
    assert after.stored["gold"].bytes == before.stored["gold"].bytes + 1000
    assert after.query_bytes
    found = {line.what: line for line in bill.predict(planned, after, prices.read(), bill.Assumptions()).lines}
    # A run of a second or so is billed a minute: two workers of one DPU, 730 times.
    assert found["jobs"].usd.expected == pytest.approx(730 * 2 * 60 / 3600 * 0.44)
