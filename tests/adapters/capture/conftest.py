"""A small source on real PostgreSQL and a bucket on S3."""

from collections.abc import Iterator

import psycopg2
import pytest
from captured import Capture
from psycopg2.extensions import connection, make_dsn, parse_dsn

from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.environment import PostgresPart, S3Part
from lakehouse_local.storage import S3Storage


@pytest.fixture
def admin(postgres: PostgresPart, postgres_server: tuple[PostgresPart, str]) -> Iterator[connection]:
    """The server's superuser, in the source database."""
    database = psycopg2.connect(make_dsn(postgres_server[1], dbname=parse_dsn(postgres.dsn)["dbname"]))
    database.set_session(autocommit=True)
    yield database
    database.close()


@pytest.fixture
def capture(postgres: PostgresPart, s3: S3Part, admin: connection) -> Iterator[Capture]:
    """An empty source database, whose owner may set its clock, and an empty bucket."""
    app = psycopg2.connect(postgres.dsn)
    app.set_session(autocommit=True)
    with admin.cursor() as cursor:
        cursor.execute('GRANT SET ON PARAMETER "lakehouse.clock" TO lakehouse_app')
    yield Capture(CaptureSource(postgres.dsn, postgres.capture_dsn), S3Storage(s3), app)
    app.close()
