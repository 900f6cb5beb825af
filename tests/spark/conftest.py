"""The pure suites run on the test process's one Spark."""

from support.one_spark import spark

__all__ = ["spark"]
