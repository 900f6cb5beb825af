"""A source, and a DMS service over it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from dms_service import Dms, without_database
from psycopg2.extensions import connection

from lakehouse_local.environment import PostgresPart, S3Part


@pytest.fixture
def app(postgres: PostgresPart) -> Iterator[connection]:
    """The application's session: three tables, one of them without a key."""
    session = psycopg2.connect(postgres.dsn)
    session.set_session(autocommit=True)
    with session.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE product (id int PRIMARY KEY, name text, price numeric(10,2), weight numeric, active boolean);"
            "CREATE TABLE note (body varchar(40), amount int);"
            "CREATE TABLE empty (id int PRIMARY KEY);"
            "INSERT INTO product SELECT n, 'p' || n, n * 1.5, n / 7.0, n % 2 = 0 FROM generate_series(1, 5) AS n;"
            "INSERT INTO note VALUES ('a', 1), ('b', 2)"
        )
    yield session
    session.close()


@pytest.fixture
def sql(app: connection) -> Callable[..., None]:
    """Runs statements as the application, each one transaction."""

    def run(*statements: str) -> None:
        with app.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return run


@pytest.fixture
def dms(postgres: PostgresPart, s3: S3Part, tmp_path: Path) -> Iterator[Dms]:
    """The service, empty."""
    made = Dms(postgres, s3, tmp_path, owner=postgres.dsn)
    yield made
    made.service.close()


@pytest.fixture
def control(s3_server: S3Part, tmp_path: Path) -> Iterator[Dms]:
    """The service for what needs no database."""
    made = without_database(s3_server, tmp_path)
    yield made
    made.service.close()
