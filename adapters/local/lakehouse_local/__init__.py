"""The lakehouse on one machine: real PostgreSQL, S3, Spark, with capture, runs and proof around the core."""
