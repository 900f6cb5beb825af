"""The same endpoint with LocalStack behind it."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_endpoint import Endpoint, until

from lakehouse_core.contracts import Naming
from lakehouse_local import settings as settings_module
from lakehouse_local.environment import S3Part
from lakehouse_local.gateway.server import GatewayServer
from lakehouse_local.settings import Settings

BUCKET = Naming().bucket("scripts")


@pytest.fixture
def over_localstack(tmp_path: Path, localstack: S3Part) -> Iterator[Endpoint]:
    """An endpoint over LocalStack."""
    settings = Settings(tmp_path, settings_module.from_environment().cache)
    server = GatewayServer(settings)
    try:
        yield Endpoint(server.start(localstack), localstack, server)
    finally:
        server.stop()


def test_objects_jobs_and_logs(over_localstack: Endpoint) -> None:
    """Objects pass, presigned and by a bucket's host; a job runs, and its lines are in LocalStack's logs."""
    s3 = over_localstack.client("s3")
    s3.put_object(Bucket=BUCKET, Key="job.py", Body=b"print('hello')")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "job.py"})
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (our own http)
        assert answer.read() == b"print('hello')"
    host = f"{BUCKET}.s3.us-west-2.localhost.localstack.cloud"
    request = urllib.request.Request(f"{over_localstack.aws.endpoint}/job.py", headers={"Host": host})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (our own http)
        assert answer.read() == b"print('hello')"
    assert over_localstack.client("sts").get_caller_identity()["Account"] == over_localstack.aws.account
    glue = over_localstack.client("glue")
    command = {"Name": "pythonshell", "ScriptLocation": f"s3://{BUCKET}/job.py"}
    glue.create_job(Name="j", Role="r", Command=command)
    run = glue.start_job_run(JobName="j")["JobRunId"]
    until(lambda: glue.get_job_run(JobName="j", RunId=run)["JobRun"]["JobRunState"] == "SUCCEEDED")
    logs = over_localstack.client("logs")
    lines = logs.get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run)["events"]
    assert [line["message"] for line in lines] == ["hello"]
