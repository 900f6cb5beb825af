"""The lake's own job as AWS Glue runs it: script and wheel from S3, arguments as Terraform gives them."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_endpoint import Endpoint, until
from dms_files import DmsTask

from lakehouse_aws.session import conf_argument
from lakehouse_core.contracts import CONTRACTS, Naming

ROOT = Path(__file__).parents[2]
NAMING = Naming()
SCRIPTS = NAMING.bucket("scripts")
JOB = "lake-silver-product"
LOCAL = (
    *("lakehouse_local", "source_app", "mypy_boto3_s3", "mypy_boto3_glue", "delta", "moto", "duckdb", "psycopg2"),
    *("django", "typer", "rich", "aiohttp", "psutil", "platformdirs", "filelock", "tenacity", "testcontainers"),
)

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built from the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def job(glue: Any, s3_client: Any, wheel: Path) -> Iterator[str]:
    """The silver job of one table."""
    s3_client.upload_file(str(ROOT / "adapters/aws/jobs/silver.py"), SCRIPTS, "jobs/silver.py")
    s3_client.upload_file(str(ROOT / "examples/own_transform/overcharge.py"), SCRIPTS, "own/overcharge.py")
    modules = [wheel, *sorted((ROOT / ".venv-glue" / "wheels").glob("[!i]*.whl"))]  # idna is there in Glue
    for module in modules:
        s3_client.upload_file(str(module), SCRIPTS, f"wheels/{module.name}")
    glue.create_job(
        Name=JOB,
        Role="r",
        GlueVersion="5.1",
        WorkerType="G.1X",
        NumberOfWorkers=2,
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{SCRIPTS}/jobs/silver.py", "PythonVersion": "3"},
        DefaultArguments={
            "--datalake-formats": "hudi",
            "--conf": conf_argument("hudi"),
            "--additional-python-modules": ",".join(f"s3://{SCRIPTS}/wheels/{each.name}" for each in modules),
            "--project": NAMING.project,
            "--environment": NAMING.environment,
            "--suffix": NAMING.suffix,
            "--table_format": "hudi",
            "--entity": "product",
            "--extra-py-files": f"s3://{SCRIPTS}/own/overcharge.py",
            "--extensions": "overcharge:extend",
        },
    )
    glue.create_database(DatabaseInput={"Name": NAMING.database("silver")})
    yield JOB
    glue.delete_job(JobName=JOB)
    glue.delete_database(Name=NAMING.database("silver"))


def run_of(glue: Any, name: str, **arguments: str) -> dict[str, Any]:
    """Start a run and wait for its end."""
    run = glue.start_job_run(JobName=name, Arguments={f"--{key}": value for key, value in arguments.items()})[
        "JobRunId"
    ]
    ended = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"}
    until(lambda: glue.get_job_run(JobName=name, RunId=run)["JobRun"]["JobRunState"] in ended, 180)
    return dict(glue.get_job_run(JobName=name, RunId=run)["JobRun"])


def test_a_run_of_silver(endpoint: Endpoint, glue: Any, s3_client: Any, job: str) -> None:
    """The run succeeds, says what it did, and leaves a table, its record and its catalog entries."""
    bronze, silver = NAMING.bucket("bronze"), NAMING.bucket("silver")
    product = {
        "id": "1", "tenant_id": "1", "sku": "S1", "name": "one", "category": "c", "price": "1.50", "cost": "1.00",
        "stock_quantity": "3", "is_active": "true", "created_at": "2026-01-15 12:00:00.000000",
        "updated_at": "2026-01-15 12:00:00.000000",
    }  # fmt: skip
    DmsTask(s3_client, bronze).load(CONTRACTS["product"], [product], "2026-01-15 12:00:00.000000")
    run = run_of(glue, job)
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    events = endpoint.client("logs").get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run["Id"])
    lines = [event["message"] for event in events["events"]]
    assert "product: run 1 of epoch 1, 1 changes" in lines
    assert any('"Namespace": "Lakehouse"' in line for line in lines)
    keys = [found["Key"] for found in s3_client.list_objects_v2(Bucket=silver)["Contents"]]
    assert "_lakehouse/tables/product/runs/000000000001.json.gz" in keys
    assert any(key.startswith("product/.hoodie/") for key in keys)
    tables = glue.get_tables(DatabaseName=NAMING.database("silver"))["TableList"]
    assert [table["Name"] for table in tables] == ["product", "product_version", "products"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"suffix": "elsewhere"}, "SystemExit: bucket-missing: "),
        ({"entity": "nothing"}, "SystemExit: argument-invalid: --entity nothing: there are tenant, "),
        (
            {"extensions": "nobody:extend"},
            "SystemExit: extension-invalid: the extension 'nobody:extend' cannot be imported",
        ),
    ],
    ids=["a wrong bucket", "a wrong table", "a wrong extension"],
)
def test_what_cannot_be_run(glue: Any, job: str, arguments: dict[str, str], message: str) -> None:
    """A run with a wrong argument fails with one line, which is its ErrorMessage."""
    run = run_of(glue, job, **arguments)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(message)
    assert "\n" not in run["ErrorMessage"]


def test_the_wheel(wheel: Path) -> None:
    """The wheel holds the core and the jobs' package, and imports both where nothing local is installed."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {"lakehouse_core/intake.py", "lakehouse_aws/silver.py"} <= set(names)
    program = f"""
import sys
sys.path.insert(0, {str(wheel)!r})
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {LOCAL!r}:
            raise ImportError(f"a job has no {{name}}")
sys.meta_path.insert(0, Refuse())
import lakehouse_aws, lakehouse_aws.silver, lakehouse_aws.gold, lakehouse_core.tables
print(lakehouse_aws.__file__)
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ".whl" in done.stdout
