"""The Spark that a job finds: its settings as files in a folder of the run (``SPARK_CONF_DIR``).

Spark's own defaults hold where AWS Glue leaves them: no ANSI mode, no table format unless ``--datalake-formats`` asks.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lakehouse_local.engines.jobs import workers
from lakehouse_local.engines.jobs.arguments import Special
from lakehouse_local.engines.jobs.model import Launch, World
from lakehouse_local.settings import Settings
from lakehouse_local.spark import cds, jars, java, session

_JARS_OF = {"hudi": "org.apache.hudi", "delta": "io.delta"}
_OWN_SCHEMES = {
    "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "spark.hadoop.fs.s3n.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
}
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    # AWS sizes shuffles for a cluster; on one machine each empty partition costs milliseconds.
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
}


def write(folder: Path, launch: Launch, asked: Special, jars_of_run: list[Path], world: World) -> Path:
    """Write ``spark-defaults.conf`` (it holds the S3 secret: readable by the owner alone); the folder."""
    place = folder / "conf"
    place.mkdir(mode=0o700)
    settings = world.settings
    (folder / "logs").mkdir()
    wanted = _class_path(settings, asked.formats)
    archive = cds.options(settings.cache, java.find(settings.cache), wanted)
    values: Mapping[str, str] = {
        "spark.master": workers.master(launch.worker_type, launch.workers),
        "spark.app.name": launch.job_name,
        "spark.driver.memory": workers.memory(launch.worker_type, settings.driver_memory),
        "spark.driver.extraClassPath": os.pathsep.join(map(str, (*wanted, *jars_of_run))),
        "spark.driver.extraJavaOptions": session.java_options(replace(settings, home=folder), archive),
        "spark.local.dir": str(folder / "spark"),
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        **_LOCAL,
        **_OWN_SCHEMES,
        **{f"spark.hadoop.{name}": value for name, value in session.s3a(world.s3).items()},
        **asked.conf,
    }
    file = place / "spark-defaults.conf"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name} {_escaped(value)}\n" for name, value in values.items()))
    return place


def _class_path(settings: Settings, formats: tuple[str, ...]) -> list[Path]:
    """S3A's jars, and those of the formats that were asked for, in the pinned order."""
    without = tuple(prefix for name, prefix in _JARS_OF.items() if name not in formats)
    return [jar for jar in jars.ensure(settings.cache) if not jar.name.startswith(without)]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
