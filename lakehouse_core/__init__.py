"""Pure Spark functions of the lakehouse: frame in, frame out.

Nothing in this package reads a clock, the environment or a path, and nothing starts Spark:
what a function needs arrives as an argument, so that a notebook, a test, a local run and an
AWS Glue job call the same code.
"""

__all__ = ["blueprint", "contracts", "errors", "gold", "people", "quality", "serve", "silver", "testing"]
