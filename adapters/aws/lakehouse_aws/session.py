"""Glue's Spark as the core wants it. What can be set in a running session is set here, the rest is a job argument."""

from types import MappingProxyType

from pyspark.sql import SparkSession

from lakehouse_aws.errors import ArgumentInvalid

CONF = MappingProxyType(
    {
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
        "spark.sql.extensions": "org.apache.spark.sql.hudi.HoodieSparkSessionExtension,"
        "io.delta.sql.DeltaSparkSessionExtension",
        # spark_catalog can be only one of the two; with Delta's, everything of both formats works.
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
    }
)
"""For the job's ``--conf``: fixed once Spark runs. Both formats: ``--datalake-formats hudi,delta``."""

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


def conf_argument() -> str:
    """The value of ``--conf``: one text, as Glue takes several settings."""
    return " --conf ".join(f"{name}={value}" for name, value in CONF.items())


def configure(spark: SparkSession) -> SparkSession:
    """Set what can be set; ArgumentInvalid where the job was not started with :data:`CONF`."""
    settled = spark.sparkContext.getConf()
    for name in ("spark.serializer", "spark.sql.extensions", "spark.sql.catalog.spark_catalog"):
        if settled.get(name) != CONF[name]:
            raise ArgumentInvalid(
                f"the job's Spark has {name} = {settled.get(name)}; it must be {CONF[name]}",
                hint="give the job the --conf of infra/terraform/modules/jobs",
            )
    for name, value in _SEMANTICS.items():
        spark.conf.set(name, value)
    return spark
