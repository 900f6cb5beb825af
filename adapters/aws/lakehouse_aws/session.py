"""Glue's Spark as the core wants it. What can be set in a running session is set here, the rest is a job argument."""

from types import MappingProxyType

from pyspark.sql import SparkSession

from lakehouse_aws.errors import ArgumentInvalid

_UTC = {
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
}
CONF = MappingProxyType(
    {
        "hudi": {
            "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
            "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
            **_UTC,
        },
        "delta": {
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            **_UTC,
        },
    }
)
"""For the job's ``--conf``, by table format: fixed once Spark runs. ``--datalake-formats`` brings the classes."""

_SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Athena reads no INT96, and Hudi would store millis as micros; year 0001 stays year 0001.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.avro.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.avro.datetimeRebaseModeInWrite": "CORRECTED",
}


def conf_argument(table_format: str) -> str:
    """The value of ``--conf``: one text, as Glue takes several settings."""
    return " --conf ".join(f"{name}={value}" for name, value in CONF[table_format].items())


def configure(spark: SparkSession, table_format: str) -> SparkSession:
    """Set what can be set; ArgumentInvalid where the job was not started with the format's :data:`CONF`."""
    settled = spark.sparkContext.getConf()
    for name, value in CONF[table_format].items():
        # A user's session may have extensions of their own beside ours.
        if name not in _UTC and value not in (settled.get(name) or "").split(","):
            raise ArgumentInvalid(
                f"the job's Spark has {name} = {settled.get(name)}; {table_format} needs {value}",
                hint=f"give the job --datalake-formats {table_format} and this --conf: {conf_argument(table_format)}",
            )
    zone = spark.sparkContext._jvm.java.util.TimeZone.getDefault().getID()  # type: ignore[union-attr]  # noqa: SLF001
    if zone != "UTC":
        raise ArgumentInvalid(
            f"the job's JVM is in {zone}; Hudi's commits need UTC",
            hint=f"give the job this --conf: {conf_argument(table_format)}",
        )
    for name, value in _SEMANTICS.items():
        spark.conf.set(name, value)
    return spark
