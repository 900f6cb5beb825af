"""Jobs by boto3: real scripts in processes of their own, how they end, and what is kept of them."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_endpoint import Endpoint, code_of, until

from lakehouse_core.contracts import Naming

SCRIPTS = Naming().bucket("scripts")
ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"}


Created = Callable[..., str]


@pytest.fixture
def job(glue: Any, s3_client: Any) -> Iterator[Created]:
    """Creates a pythonshell job around a script's text; deleted afterwards."""
    names: list[str] = []

    def create(script: str, **definition: Any) -> str:
        name = f"job-{time.monotonic_ns()}"
        s3_client.put_object(Bucket=SCRIPTS, Key=f"etl/{name}.py", Body=script.encode())
        command = {"Name": "pythonshell", "ScriptLocation": f"s3://{SCRIPTS}/etl/{name}.py"}
        given = {"Name": name, "Role": "r", "Command": command} | definition
        names.append(glue.create_job(**given)["Name"])
        return name

    yield create
    for name in names:
        glue.delete_job(JobName=name)


def run_of(glue: Any, name: str, **request: Any) -> dict[str, Any]:
    """Start a run and wait for its end."""
    return ended(glue, name, glue.start_job_run(JobName=name, **request)["JobRunId"])


def ended(glue: Any, name: str, run: str, seconds: float = 60) -> dict[str, Any]:
    """The run, once it has ended."""
    until(lambda: glue.get_job_run(JobName=name, RunId=run)["JobRun"]["JobRunState"] in ENDED, seconds)
    return dict(glue.get_job_run(JobName=name, RunId=run)["JobRun"])


def test_a_run_that_succeeds(endpoint: Endpoint, glue: Any, job: Created) -> None:
    """Defaults, the run's arguments and those that nobody may override reach the script; its output is in the logs."""
    name = job(
        "import sys, os, boto3\nprint(sys.argv[1:])\nprint(boto3.client('glue').get_job(JobName=sys.argv[-5])['Job']['Role'])",
        DefaultArguments={"--a": "default", "--b": "default", "--c": "default"},
        NonOverridableArguments={"--c": "fixed"},
    )
    run = run_of(glue, name, Arguments={"--b": "run", "--c": "run"})
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert run["Id"].startswith("jr_")
    assert len(run["Id"]) == 67
    assert (run["Attempt"], run["Arguments"], run["Timeout"]) == (0, {"--b": "run", "--c": "run"}, 480)
    assert run["CompletedOn"] >= run["StartedOn"]
    assert (run["MaxCapacity"], run["LogGroupName"]) == (0.0625, "/aws-glue/jobs")
    assert "ErrorMessage" not in run
    logs = endpoint.client("logs")
    lines = logs.get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run["Id"])["events"]
    assert "'--a', 'default', '--b', 'run', '--c', 'fixed', '--JOB_NAME'" in lines[0]["message"]
    assert lines[1]["message"] == "r"
    assert glue.get_job_runs(JobName=name)["JobRuns"][0]["Id"] == run["Id"]


FAILURES = [
    ("import sys; sys.exit(3)", {}, "SystemExit: 3"),
    ("raise ValueError('no such thing')", {}, "ValueError: no such thing"),
    ("pass", {"--scriptLocation": f"s3://{SCRIPTS}/etl/none.py"}, "does not exist or is not accessible"),
    ("pass", {"--additional-python-modules": "no-such-module"}, "is not installed here"),
]


@pytest.mark.parametrize("case", FAILURES, ids=[each[2] for each in FAILURES])
def test_runs_that_fail(endpoint: Endpoint, glue: Any, job: Created, case: tuple[str, dict[str, str], str]) -> None:
    """A script that exits 3, raises, or is not there fails its run with its last words; the log is kept."""
    script, arguments, message = case
    run = run_of(glue, job(script), Arguments=arguments)
    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]
    if "raise" in script:
        logs = endpoint.client("logs")
        lines = logs.get_log_events(logGroupName="/aws-glue/jobs/error", logStreamName=run["Id"])["events"]
        assert any("ValueError: no such thing" in line["message"] for line in lines)


LOOP = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.1)"


def test_limits_and_stop(glue: Any, job: Created) -> None:
    """A second run of a job with one slot is refused, a looping run stops, and then there is room again."""
    name = job(LOOP)
    first = glue.start_job_run(JobName=name)["JobRunId"]
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match=f"Concurrent runs exceeded for {name}"):
        glue.start_job_run(JobName=name)
    until(lambda: glue.get_job_run(JobName=name, RunId=first)["JobRun"]["JobRunState"] == "RUNNING")
    answer = glue.batch_stop_job_run(JobName=name, JobRunIds=[first, "jr_none"])
    assert [each["JobRunId"] for each in answer["SuccessfulSubmissions"]] == [first]
    assert [(each["JobRunId"], each["ErrorDetail"]["ErrorCode"]) for each in answer["Errors"]] == [
        ("jr_none", "EntityNotFoundException")
    ]
    assert ended(glue, name, first)["JobRunState"] == "STOPPED"
    (wrong,) = glue.batch_stop_job_run(JobName=name, JobRunIds=[first])["Errors"]
    assert wrong["ErrorDetail"]["ErrorCode"] == "InvalidInputException"
    second = glue.start_job_run(JobName=name)["JobRunId"]
    glue.batch_stop_job_run(JobName=name, JobRunIds=[second])
    assert ended(glue, name, second)["JobRunState"] == "STOPPED"


def test_a_queued_run_waits(glue: Any, job: Created) -> None:
    """Where a job queues, the second run is WAITING until the first has ended."""
    name = job("import time; time.sleep(2)", JobRunQueuingEnabled=True)
    first, second = (glue.start_job_run(JobName=name)["JobRunId"] for _ in range(2))
    assert glue.get_job_run(JobName=name, RunId=second)["JobRun"]["JobRunState"] == "WAITING"
    assert ended(glue, name, first)["JobRunState"] == "SUCCEEDED"
    assert ended(glue, name, second)["JobRunState"] == "SUCCEEDED"


def test_retries_are_runs(glue: Any, job: Created) -> None:
    """A run that fails is repeated as often as the job says; a user can repeat it too."""
    name = job("raise SystemExit(1)", MaxRetries=1)
    glue.start_job_run(JobName=name)
    until(lambda: [each["JobRunState"] for each in glue.get_job_runs(JobName=name)["JobRuns"]] == ["FAILED"] * 2)
    again, first = glue.get_job_runs(JobName=name)["JobRuns"]
    assert (again["Attempt"], again["PreviousRunId"]) == (1, first["Id"])
    assert "PreviousRunId" not in first
    repeated = run_of(glue, name, JobRunId=again["Id"])
    assert (repeated["Attempt"], repeated["PreviousRunId"]) == (2, again["Id"])


@pytest.mark.slow
def test_a_run_that_loops_is_ended_by_its_timeout(glue: Any, job: Created) -> None:
    """After its minutes a run is TIMEOUT, and says how long it had (a minute is the shortest that AWS takes)."""
    name = job(LOOP, Timeout=1)
    run = ended(glue, name, glue.start_job_run(JobName=name)["JobRunId"], 120)
    assert (run["JobRunState"], run["ExecutionTime"] >= 60) == ("TIMEOUT", True)
    assert "1 minutes" in run["ErrorMessage"]


def test_definitions(glue: Any, job: Created) -> None:
    """What Glue fills in, an update that replaces all, lists and batches; a deleted job is no error to delete."""
    name = job("pass", Tags={"a": "b"})
    found = glue.get_job(JobName=name)["Job"]
    assert (found["MaxRetries"], found["ExecutionProperty"], found["JobMode"]) == (
        0,
        {"MaxConcurrentRuns": 1},
        "SCRIPT",
    )
    assert "ExecutionClass" not in found
    spark = {"Name": "glueetl", "ScriptLocation": f"s3://{SCRIPTS}/x.py"}
    update = {"Role": "r", "Command": spark, "WorkerType": "G.2X", "NumberOfWorkers": 3, "GlueVersion": "4.0"}
    glue.update_job(JobName=name, JobUpdate=update)
    found = glue.get_job(JobName=name)["Job"]
    assert (found["MaxCapacity"], found["AllocatedCapacity"], found["Timeout"]) == (6.0, 6, 2880)
    assert found["Command"] == spark | {"PythonVersion": "3"}
    assert glue.list_jobs(Tags={"a": "b"})["JobNames"] == [name]
    assert name in [each["Name"] for page in glue.get_paginator("get_jobs").paginate() for each in page["Jobs"]]
    assert glue.batch_get_jobs(JobNames=[name, "none"])["JobsNotFound"] == ["none"]
    assert glue.delete_job(JobName="none")["JobName"] == "none"
    assert code_of(glue.get_job, JobName="none") == "EntityNotFoundException"
    assert code_of(glue.start_job_run, JobName="none") == "EntityNotFoundException"
    assert code_of(glue.get_job_run, JobName=name, RunId="jr_none") == "EntityNotFoundException"
    assert code_of(glue.get_job_bookmark, JobName=name) == "EntityNotFoundException"


LOCATION = f"s3://{SCRIPTS}/x.py"
REFUSED: list[dict[str, Any]] = [
    {"Command": {"Name": "glueray", "ScriptLocation": LOCATION}},
    {"Command": {"Name": "glueetl"}},
    {"Command": {"Name": "glueetl", "ScriptLocation": LOCATION}, "WorkerType": "G.1X"},
    {"Command": {"Name": "glueetl", "ScriptLocation": LOCATION}, "WorkerType": "Z.2X", "NumberOfWorkers": 2},
    {
        "Command": {"Name": "glueetl", "ScriptLocation": LOCATION},
        "WorkerType": "G.1X",
        "NumberOfWorkers": 2,
        "MaxCapacity": 5.0,
    },
    {"Command": {"Name": "pythonshell", "ScriptLocation": LOCATION}, "MaxCapacity": 0.5},
    {"Command": {"Name": "pythonshell", "ScriptLocation": LOCATION}, "Timeout": 10_081},
    {"Command": {"Name": "pythonshell", "ScriptLocation": LOCATION}, "GlueVersion": "auto"},
]


@pytest.mark.parametrize("definition", REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_cannot_be_run_is_refused(glue: Any, definition: dict[str, Any]) -> None:
    """A definition that means nothing, or cannot be carried out here, makes no job."""
    assert code_of(glue.create_job, Name="no", Role="r", **definition) == "InvalidInputException"


SPARK = """
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job

args = getResolvedOptions(sys.argv, ['JOB_NAME', 'OUT'])
glueContext = GlueContext(SparkContext())
job = Job(glueContext)
job.init(args['JOB_NAME'], args)
frame = glueContext.create_dynamic_frame.from_catalog(
    database="jobs", table_name="orders", transformation_ctx="orders")
print("read", frame.count())
if frame.count():
    frame.toDF().write.mode("append").parquet(args['OUT'])
job.commit()
"""


@pytest.mark.spark
def test_a_spark_job_reads_the_catalog_once(glue: Any, s3_client: Any, job: Created) -> None:
    """A crawled table is read by Spark through the catalog; its bookmark is kept, shown, and can be rewound."""
    bucket = Naming().bucket("silver")
    s3_client.put_object(
        Bucket=bucket, Key="in/orders/a.json", Body=b'{"id": 1, "total": 2.5}\n{"id": 2, "total": 1.0}\n'
    )
    glue.create_database(DatabaseInput={"Name": "jobs"})
    glue.create_crawler(
        Name="orders", Role="r", DatabaseName="jobs", Targets={"S3Targets": [{"Path": f"s3://{bucket}/in/orders/"}]}
    )
    glue.start_crawler(Name="orders")
    until(lambda: glue.get_crawler(Name="orders")["Crawler"]["State"] == "READY")
    name = job(SPARK)
    spark = {"Name": "glueetl", "ScriptLocation": glue.get_job(JobName=name)["Job"]["Command"]["ScriptLocation"]}
    defaults = {"--job-bookmark-option": "job-bookmark-enable", "--OUT": f"s3://{bucket}/out/"}
    glue.update_job(
        JobName=name,
        JobUpdate={
            "Role": "r",
            "Command": spark,
            "DefaultArguments": defaults,
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
        },
    )
    first = ended(glue, name, glue.start_job_run(JobName=name)["JobRunId"], 180)
    assert first["JobRunState"] == "SUCCEEDED", first.get("ErrorMessage")
    keys = [each["Key"] for each in s3_client.list_objects_v2(Bucket=bucket, Prefix="out/")["Contents"]]
    assert any(key.endswith(".parquet") for key in keys)
    entry = glue.get_job_bookmark(JobName=name)["JobBookmarkEntry"]
    assert (entry["Run"], entry["RunId"]) == (1, first["Id"])
    assert "orders" in entry["JobBookmark"]
    reset = glue.reset_job_bookmark(JobName=name)["JobBookmarkEntry"]
    assert (reset["JobBookmark"], reset["Version"]) == ("{}", 2)
    back = glue.reset_job_bookmark(JobName=name, RunId=first["Id"])["JobBookmarkEntry"]
    assert back["JobBookmark"] == entry["JobBookmark"]
    glue.delete_crawler(Name="orders")
    glue.delete_database(Name="jobs")
