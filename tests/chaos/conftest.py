"""One PostgreSQL and one S3 for all of the chaos."""

import pytest
from chaos.capturing import Subject

from lakehouse_local.environment import PostgresPart, S3Part


@pytest.fixture
def subject(module_postgres: PostgresPart, s3: S3Part) -> Subject:
    """A capture of PostgreSQL into an empty bucket; the tables are the application's."""
    return Subject.of(module_postgres, s3)
