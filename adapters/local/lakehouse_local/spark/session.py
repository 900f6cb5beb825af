"""One Spark session for everything: Hudi and Delta together, S3A, UTC, ANSI, quiet.

Settings and their reasons are measured ones; there is one session per process, and a second call gives the same.
"""

import os
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from lakehouse_local.environment import S3Part
from lakehouse_local.errors import SparkRefused
from lakehouse_local.progress import Say
from lakehouse_local.settings import Settings
from lakehouse_local.spark import cds, jars, java

_FORMATS = {
    # spark_catalog can be only one of the two; with Delta's, everything of both formats works.
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # Not Hudi's: it adds SQL statements that need its own catalog, and looks at each plan again with every column added.
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
    # The default of 50 makes the first look at each small Delta table a job of 50 tasks.
    "spark.databricks.delta.snapshotPartitions": "1",
}
_SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Micros, because Athena reads no INT96 and Hudi stores millis as micros. CORRECTED: year 0001 stays year 0001.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.avro.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.avro.datetimeRebaseModeInWrite": "CORRECTED",
}
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.ui.showConsoleProgress": "false",
    # A run compiles some six hundred pieces of generated code; Spark keeps a hundred, and would compile all anew each time.
    "spark.sql.codegen.cache.maxEntries": "2000",
    # A batch is held for as long as it takes to write it: packing and unpacking it cost more than the memory is worth.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # A full load takes some 5 % less CPU than with level 3, which is what AWS gets.
    "spark.hadoop.parquet.compression.codec.zstd.level": "1",
    # Spark keeps the plan of each query as text, one for each stage that adapts it: unbounded, a deep plan is megabytes
    # a time, and a long-lived driver's heap fills with them.
    "spark.sql.maxPlanStringLength": "16384",
    "spark.sql.ui.retainedExecutions": "50",
    "spark.sql.ui.explainMode": "simple",
}
_S3A = {
    "fs.s3a.path.style.access": "true",
    "fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    # Bounded: with S3 gone the defaults hang for minutes.
    "fs.s3a.attempts.maximum": "3",
    "fs.s3a.retry.limit": "3",
    "fs.s3a.retry.interval": "200ms",
    "fs.s3a.connection.establish.timeout": "3000",
    "fs.s3a.connection.timeout": "20000",
    "fs.s3a.threads.max": "16",
    "fs.s3a.connection.maximum": "32",
    # One directory tree per run and one publisher per tree: no rename by a second committer can interfere.
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
}


_EXECUTOR_SECONDS = 60.0


def session(settings: Settings, s3: S3Part | None, app_name: str, say: Say = lambda _: None) -> SparkSession:
    """This process's Spark session, connected to ``s3`` if one is given; ``say`` is told if it has to start first.

    Raises JavaMissing, JarsUnavailable, JarsAltered, or SparkRefused where the JVM does not come up.
    """
    first = SparkContext._active_spark_context is None  # noqa: SLF001  # pyspark's own test for "is there one already"
    if first:
        say("starting Spark")
        _prepare(settings)
    try:
        spark = _builder(settings, app_name).getOrCreate()
    except Exception as error:
        raise SparkRefused(
            f"Spark did not start: {error}",
            hint=f"look into {_log_file(settings)}; LAKEHOUSE_DRIVER_MEMORY sets the heap ({settings.driver_memory})",
        ) from error
    if first:
        _silence(spark, _log_file(settings))
        _remember(spark)
        if not _is_local(settings):
            _await_executors(spark, settings)
    if s3:
        connect(spark, s3)
    return spark


def connect(spark: SparkSession, s3: S3Part) -> None:
    """Point S3A at that S3.

    Set in the running session, not on the JVM's command line, where every user of the machine could read the secret.
    """
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001  # no public way
    values = s3a(s3)
    if all(hadoop.get(key) == value for key, value in values.items()):
        return
    for key, value in values.items():
        hadoop.set(key, value)
    # Hadoop keeps a client per bucket: those of another endpoint must go.
    spark._jvm.org.apache.hadoop.fs.FileSystem.closeAll()  # type: ignore[union-attr]  # noqa: SLF001


def s3a(s3: S3Part) -> dict[str, str]:
    """Hadoop's settings for that S3; the secret is among them."""
    return _S3A | {
        "fs.s3a.endpoint": s3.endpoint,
        "fs.s3a.endpoint.region": s3.region,
        "fs.s3a.connection.ssl.enabled": str(s3.endpoint.startswith("https")).lower(),
        "fs.s3a.access.key": s3.access_key,
        "fs.s3a.secret.key": s3.secret_key,
    }


def java_options(settings: Settings, archive: str) -> str:
    """The driver JVM's options: ours, log file, the class-data archive's switch, and the user's own, which win."""
    with as_file(files(__package__) / "log4j2.properties") as logging:
        return " ".join(
            (
                java.OPTIONS,
                f'"-Dlog4j2.configurationFile={logging.as_uri()}"',
                f'"-Dlakehouse.spark.log={_log_file(settings)}"',
                archive,
                settings.java_options,
            )
        )


def _prepare(settings: Settings) -> None:
    """What the JVM finds at its start: a home, and this Python for its workers."""
    _log_file(settings).parent.mkdir(parents=True, exist_ok=True)
    os.environ["JAVA_HOME"] = str(java.find(settings.cache).home)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = settings.driver_host


def _silence(spark: SparkSession, log: Path) -> None:
    """Send what the JVM prints into the log file: Hudi's object sizing prints warnings past every logger."""
    java: Any = spark._jvm.java  # type: ignore[union-attr]  # noqa: SLF001  # no public way
    java.lang.System.setOut(java.io.PrintStream(java.io.FileOutputStream(str(log), True), True))  # noqa: FBT003


def _remember(spark: SparkSession) -> None:
    """Ask once what these names are: pyspark asks at every column, and the JVM then looks through every jar."""
    jvm: Any = spark._jvm  # noqa: SLF001  # no public way
    for name in ("functions", "PythonUtils", "SparkSession", "SparkSession$"):
        setattr(jvm, name, getattr(jvm, name))


def _builder(settings: Settings, app_name: str) -> SparkSession.Builder:
    paths = jars.ensure(settings.cache)
    archive = cds.options(settings.cache, java.find(settings.cache), paths)
    work = settings.home / "spark"
    builder = SparkSession.builder.master(settings.spark_master).appName(app_name)
    values = {
        **_FORMATS,
        **_SEMANTICS,
        **_LOCAL,
        "spark.driver.host": settings.driver_host,
        "spark.driver.bindAddress": settings.driver_host,
        "spark.driver.memory": settings.driver_memory,
        # Not spark.jars, which copies all of them at every start (3 s more).
        "spark.driver.extraClassPath": os.pathsep.join(map(str, paths)),
        "spark.driver.extraJavaOptions": java_options(settings, archive),
        "spark.local.dir": str(work / "local"),
        "spark.sql.warehouse.dir": (work / "warehouse").as_uri(),
    }
    if not _is_local(settings):
        values |= _executors(settings, paths)
    for key, value in values.items():
        builder = builder.config(key, value)
    return builder


def _executors(settings: Settings, paths: list[Path]) -> dict[str, str]:
    """What executors in processes of their own need: their size, the jars (sent to them, wherever they are), UTC.

    They run this Python at this path: it has to be there with the packages of ``requirements/dev.lock``.
    """
    cores = {"spark.executor.cores": str(settings.executor_cores)} if settings.executor_cores else {}
    return cores | {
        "spark.executor.memory": settings.executor_memory,
        "spark.executor.extraJavaOptions": java.OPTIONS,
        "spark.jars": ",".join(path.as_uri() for path in paths),
    }


def _is_local(settings: Settings) -> bool:
    """Whether driver and executor are one process."""
    return settings.spark_master.startswith("local")


def _await_executors(spark: SparkSession, settings: Settings) -> None:
    """Until the first executor has come: Spark itself would let a job wait for one without end."""
    context: Any = spark.sparkContext._jsc.sc()  # noqa: SLF001  # no public way
    wait = Retrying(
        retry=retry_if_result(lambda known: known < 2),  # the driver is the first
        wait=wait_fixed(0.1),
        stop=stop_after_delay(_EXECUTOR_SECONDS),
    )
    try:
        wait(lambda: 0 if context.isStopped() else context.getExecutorMemoryStatus().size())
    except RetryError:
        spark.stop()
        raise SparkRefused(
            f"no executor of {settings.spark_master} came within {_EXECUTOR_SECONDS:.0f} s",
            hint=f"look at the master's page: LAKEHOUSE_EXECUTOR_MEMORY ({settings.executor_memory}) and "
            "LAKEHOUSE_EXECUTOR_CORES must fit a worker, which must reach LAKEHOUSE_DRIVER_HOST "
            f"({settings.driver_host}); Spark's own words are in {_log_file(settings)}",
        ) from None


def _log_file(settings: Settings) -> Path:
    return settings.home / "logs" / "spark.log"
