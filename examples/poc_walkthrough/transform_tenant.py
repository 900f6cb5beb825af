# One comment is gone from the document's script: a backslash inside a comment continues no line in Python.
# Standard ETL job template
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from pyspark.sql.functions import *

# Initialize
args = getResolvedOptions(sys.argv, ['JOB_NAME'])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args['JOB_NAME'], args)

# Read from Bronze
df_bronze = spark.read \
    .format("csv") \
    .option("header", "false") \
    .load("s3://lakehouse-poc-dev-bronze-ti4jmrk8/dms-data/public/core_tenant/")

# Transform
df_silver = df_bronze \
    .filter(col("_c0") == "I") \
    .select(
        col("_c2").alias("id"),
        col("_c3").alias("name"),
        col("_c4").alias("slug"),
        col("_c5").alias("domain"),
        col("_c6").cast("boolean").alias("is_active"),
        col("_c7").alias("settings"),
        col("_c8").cast("timestamp").alias("created_at"),
        col("_c9").cast("timestamp").alias("updated_at")
    )

# Write to Silver
df_silver.write \
    .format("parquet") \
    .mode("overwrite") \
    .partitionBy("created_at") \
    .save("s3://lakehouse-poc-dev-silver-ti4jmrk8/tenant/")

job.commit()
