"""Runs of real scripts in processes of their own: how they end, what they see, and that nothing of them is left."""

import io
import os
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest
import tenacity

from lakehouse_core.contracts import Naming
from lakehouse_local import settings as settings_module
from lakehouse_local.engines.jobs import children
from lakehouse_local.engines.jobs.model import Ending, Launch, Outcome, World
from lakehouse_local.engines.jobs.run import Watch, run
from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client

BUCKET = Naming().bucket("scripts")
NUMBERS = iter(range(1_000_000))


def until(true: Callable[[], bool], seconds: float) -> None:
    """Poll until it is true."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(seconds),
    )(true)


@dataclass
class Runner:
    """Runs scripts, and keeps what they print."""

    world: World
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    running: threading.Event = field(default_factory=threading.Event)
    last: str = ""

    def put(self, key: str, body: bytes | str) -> str:
        """Store an object; its address."""
        client(self.world.s3).put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def __call__(
        self,
        script: str,
        arguments: Mapping[str, str] | None = None,
        *,
        kind: str = "python",
        timeout: float | None = 120,
        bookmarks: Mapping[str, object] | None = None,
    ) -> Outcome:
        """Run a script (its text, or its address) to its end."""
        where = script if script.startswith("s3://") else self.put("etl/script.py", script)
        self.last = f"jr_{os.getpid()}_{next(NUMBERS)}"
        launch = Launch(
            run_id=self.last,
            job_name="a-job",
            kind=kind,  # type: ignore[arg-type]
            script=where,
            arguments=dict(arguments or {}),
            worker_type="G.1X",
            workers=2,
            timeout=timeout,
            bookmarks=bookmarks or {},
        )
        watch = Watch(
            self.stopping,
            self.running.set,
            lambda lines: self.output.extend(line for _, line in lines),
            lambda lines: self.errors.extend(line for _, line in lines),
        )
        return run(launch, self.world, watch)

    @property
    def left(self) -> list[psutil.Process]:
        """Processes of the last run that still live."""
        return children._marked(self.last)


@pytest.fixture
def runner(s3: S3Part, tmp_path: Path) -> Runner:
    """A runner on moto's S3."""
    settings = replace(settings_module.from_environment(), home=tmp_path, driver_memory="1g")
    return Runner(World(tmp_path / "runs", s3, s3.endpoint, settings))


def test_success_and_what_the_script_sees(runner: Runner) -> None:
    """Arguments arrive as they are, the environment is the run's own, and our packages are not there."""
    done = runner(
        "import sys, os\nprint(sys.argv)\nprint(sorted(os.environ))\n"
        "try:\n    import lakehouse_core\n    print('leaked')\nexcept ImportError:\n    print('clean')\n",
        {"--NAME": "=;rm -rf $HOME", "--flag": ""},
    )
    assert (done.ending, done.message, done.bookmarks) == (Ending.SUCCEEDED, "", None)
    assert "'--NAME', '=;rm -rf $HOME', '--flag']" in runner.output[0]
    assert "clean" in runner.output
    assert "LAKEHOUSE_HOME" not in runner.output[1]
    assert "PGPASSWORD" not in runner.output[1]


FAILURES = [
    ("raise ValueError('no such\\nthing')", "ValueError: no such"),
    ("import sys; sys.exit(3)", "SystemExit: 3"),
    ("import sys; sys.exit('sorry')", "SystemExit: sorry"),
    ("import os; os._exit(4)", "Command failed with exit code 4"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "exit code 139: killed by SIGSEGV"),
    ("def (:", "SyntaxError: invalid syntax (script.py, line 1)"),
    ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
]


@pytest.mark.parametrize(("script", "message"), FAILURES, ids=[message for _, message in FAILURES])
def test_failures(runner: Runner, script: str, message: str) -> None:
    """A run fails when its script does, with its last words."""
    done = runner(script)
    assert done.ending is Ending.FAILED
    assert message in done.message


def test_traceback_starts_in_the_script(runner: Runner) -> None:
    """The error log shows the script's frames, not ours."""
    runner("def f():\n    raise KeyError('x')\nf()\n")
    text = "\n".join(runner.errors)
    assert "script.py" in text
    assert "launch.py" not in text
    assert "runpy" not in text


LAUNCHES = [
    ({}, "s3://nowhere/x.py", "does not exist or is not accessible"),
    ({"--extra-py-files": "s3://nowhere/x.zip"}, "pass", "does not exist or is not accessible"),
    ({"--additional-python-modules": "no-such-thing-at-all"}, "pass", "is not installed here"),
    ({"--additional-python-modules": "boto3<1"}, "pass", "boto3<1 was asked for"),
    ({"--datalake-formats": "iceberg"}, "pass", "there are hudi, delta"),
    ({"--enable-glue-datacatalog": "true"}, "pass", "not supported"),
    ({"--conf": "nonsense"}, "pass", "is not name=value"),
]


@pytest.mark.parametrize(("arguments", "script", "message"), LAUNCHES, ids=[case[2] for case in LAUNCHES])
def test_what_keeps_a_run_from_starting(
    runner: Runner, arguments: Mapping[str, str], script: str, message: str
) -> None:
    """What is missing, or not possible here, fails the run with a message that names it."""
    done = runner(script, arguments)
    assert done.ending is Ending.FAILED
    assert message in done.message


def test_extra_files_modules_and_wheels(runner: Runner) -> None:
    """Zips, modules and wheels from S3 can be imported."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("from_zip/__init__.py", "WORD = 'zip'")
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("from_wheel.py", "WORD = 'wheel'")
        file.writestr("from_wheel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: from-wheel\nVersion: 1.0\n")
        file.writestr(
            "from_wheel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr("from_wheel-1.0.dist-info/RECORD", "")
    done = runner(
        "import from_zip, from_wheel, helper\nprint(from_zip.WORD, from_wheel.WORD, helper.WORD, open('data.txt').read())",
        {
            "--extra-py-files": ",".join(
                (runner.put("lib/a.zip", archive.getvalue()), runner.put("lib/helper.py", "WORD = 'module'"))
            ),
            "--additional-python-modules": runner.put("lib/from_wheel-1.0-py3-none-any.whl", wheel.getvalue()),
            "--extra-files": runner.put("lib/data.txt", "file"),
        },
    )
    assert (done.ending, done.message) == (Ending.SUCCEEDED, "")
    assert runner.output == ["zip wheel module file"]


STRAYS = """
import os, subprocess, sys, time
# One child in a session of its own with an empty environment, one that was orphaned, one in the group.
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True, env={})
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os._exit(0)
print("ready", flush=True)
"""


def test_nothing_is_left_after_a_timeout(runner: Runner) -> None:
    """A script that loops ends at its timeout, with every process that it started."""
    done = runner(STRAYS + "time.sleep(600)", timeout=2)
    assert done.ending is Ending.TIMEOUT
    assert "timeout" in done.message
    until(lambda: not runner.left, 5)
    mine = {process.pid for process in psutil.Process().children(recursive=True)}
    # Not asked one by one: a process that has just ended has no command line.
    living = [process for process in psutil.process_iter(["cmdline"]) if process.pid in mine]
    assert not [process for process in living if "time.sleep(600)" in " ".join(process.info["cmdline"] or ())]


def test_stop(runner: Runner) -> None:
    """A run that is asked to stop is stopped, with what it started."""
    ended: list[Outcome] = []
    thread = threading.Thread(target=lambda: ended.append(runner(STRAYS + "time.sleep(600)")))
    thread.start()
    until(lambda: "ready" in runner.output, 30)
    runner.stopping.set()
    thread.join(30)
    assert ended[0].ending is Ending.STOPPED
    until(lambda: not runner.left, 5)


def test_left_over_children_of_a_good_run_are_ended(runner: Runner) -> None:
    """A script that ends well leaves no children behind either."""
    assert runner(STRAYS).ending is Ending.SUCCEEDED
    until(lambda: not runner.left, 5)


def test_output_without_end_is_bounded(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of an endless output has a limit, and says that it had more."""
    monkeypatch.setattr("lakehouse_local.engines.jobs.logs.LIMIT_BYTES", 1 << 20)
    done = runner("while True: print('x' * 1000)", timeout=3)
    assert done.ending is Ending.TIMEOUT
    kept = runner.world.folder / runner.last / "output.log"
    assert kept.stat().st_size < 1.1 * (1 << 20)
    assert "nothing beyond" in kept.read_text()[-200:]


TEMPLATE = """
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from pyspark.sql.functions import *

args = getResolvedOptions(sys.argv, ['JOB_NAME'])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args['JOB_NAME'], args)
frame = glueContext.create_dynamic_frame.from_options(
    "s3", {"paths": ["s3://BUCKET/in/"]}, "csv", {"withHeader": True}, transformation_ctx="in")
print("read", frame.count())
if frame.count():
    mapped = ApplyMapping.apply(frame, [("id", "string", "id", "long"), ("name", "string", "title", "string")])
    mapped.toDF().filter(col("id") > 0).write.mode("append").parquet("s3://BUCKET/out/")
    print("written", spark.read.parquet("s3://BUCKET/out/").count(), spark.conf.get("spark.job.colour"))
job.commit()
""".replace("BUCKET", BUCKET)


@pytest.mark.spark
def test_spark_job_with_bookmarks(runner: Runner) -> None:
    """A Glue script on Spark reads and writes s3:// and reads each object once; a rewound bookmark reads again."""
    runner.put("in/a.csv", "id,name\n1,x\n2,y\n")
    given = {
        "--JOB_NAME": "a-job",
        "--job-bookmark-option": "job-bookmark-enable",
        "--conf": "spark.job.colour=green --conf spark.x=1",
    }
    first = runner(TEMPLATE, given, kind="spark")
    assert (first.ending, first.message) == (Ending.SUCCEEDED, ""), runner.errors
    assert runner.output == ["read 2", "written 2 green"]
    assert first.bookmarks is not None
    assert not runner.left
    time.sleep(1.1)  # S3's times are whole seconds: what comes in the same second is told apart by name
    runner.put("in/b.csv", "id,name\n3,z\n")
    second = runner(TEMPLATE, given, kind="spark", bookmarks=first.bookmarks)
    assert (second.ending, second.message) == (Ending.SUCCEEDED, "")
    assert runner.output[2:] == ["read 1", "written 3 green"]


@pytest.mark.spark
def test_spark_failure_has_its_own_words(runner: Runner) -> None:
    """An error of Spark fails the run with its message; a format that was not asked for is not there."""
    done = runner(
        "from pyspark.sql import SparkSession\n"
        f"SparkSession.builder.getOrCreate().read.format('hudi').load('s3://{BUCKET}/none/')",
        kind="spark",
    )
    assert done.ending is Ending.FAILED
    assert "DATA_SOURCE_NOT_FOUND" in done.message or "Failed to find" in done.message
