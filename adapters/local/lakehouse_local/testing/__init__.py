"""For users' own tests: a pytest plugin with a running small lakehouse, Spark and S3 (see :mod:`.plugin`)."""
