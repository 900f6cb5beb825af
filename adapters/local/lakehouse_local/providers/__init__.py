"""Real PostgreSQL and S3 for one machine, from the best source that is here."""

from lakehouse_local.providers.variables import exports

__all__ = ["exports"]
