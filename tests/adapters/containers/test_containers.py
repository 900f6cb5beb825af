"""The container providers, on whatever engine answers."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest
from psycopg2 import extensions, extras

from lakehouse_local import settings as settings_module
from lakehouse_local.environment import Environment
from lakehouse_local.providers import choice, containers, localstack_docker, postgres_docker, s3_export
from lakehouse_local.providers.certificates import issue
from lakehouse_local.providers.servers import Servers
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

IMAGES = (postgres_docker.IMAGE, localstack_docker.IMAGE)
OBSTACLES = [why for image in IMAGES if (why := containers.obstacle(image))]
pytestmark = [pytest.mark.container, pytest.mark.skipif(bool(OBSTACLES), reason="; ".join(OBSTACLES))]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home that asks for containers."""
    cache = settings_module.from_environment().cache
    return Settings(home=tmp_path_factory.mktemp("home"), cache=cache, postgres="docker", s3="docker")


@pytest.fixture(scope="module")
def started(settings: Settings) -> Iterator[tuple[Servers, Environment]]:
    """Both containers."""
    servers = Servers(settings)
    try:
        yield servers, servers.start(print)
    finally:
        servers.stop()
        servers.discard()


def test_auto_takes_containers_whose_images_are_built(settings: Settings) -> None:
    """They come first in both orders."""
    fresh = Settings(home=settings.home / "none", cache=settings.cache)
    assert choice.choose_postgres(fresh).provider.name == "docker"
    assert choice.choose_s3(fresh).provider.name == "docker"


def test_postgres_replicates_over_tls(started: tuple[Servers, Environment], tmp_path: Path) -> None:
    """Logical replication as the capture role, verify-full; a wrong authority is refused."""
    part = started[1].postgres
    assert part.version.startswith("PostgreSQL 15.")
    connection = psycopg2.connect(part.capture_dsn, connection_factory=extras.LogicalReplicationConnection)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE_REPLICATION_SLOT test_slot TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT")
        assert cursor.fetchone()[0] == "test_slot"
        assert connection.info.ssl_in_use
    wrong = tmp_path / "other.crt"
    wrong.write_bytes(issue().authority)
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        psycopg2.connect(extensions.make_dsn(part.dsn, sslrootcert=str(wrong)))
    with pytest.raises(psycopg2.OperationalError, match="no pg_hba"):
        psycopg2.connect(part.capture_dsn, connection_factory=extras.PhysicalReplicationConnection)


def test_localstack_stores_and_carries_over(started: tuple[Servers, Environment], tmp_path: Path) -> None:
    """Conditional writes work, and an export of the container can be restored into it."""
    part = started[1].s3
    storage = S3Storage(part)
    assert storage.put_if_absent("lakehouse-poc-dev-bronze-ti4jmrk8", "k", b"1")
    assert not storage.put_if_absent("lakehouse-poc-dev-bronze-ti4jmrk8", "k", b"2")
    assert len(s3_export.export(part, tmp_path).objects) == 1
    storage.delete("lakehouse-poc-dev-bronze-ti4jmrk8", "k")
    s3_export.restore(part, tmp_path)
    assert storage.get("lakehouse-poc-dev-bronze-ti4jmrk8", "k") == b"1"


def test_ports_do_not_leave_loopback(started: tuple[Servers, Environment], settings: Settings) -> None:
    """The engine publishes both ports on 127.0.0.1 only."""
    ports = set(json.loads((settings.home / "ports.json").read_text()).values())
    listening = [found for found in psutil.net_connections("tcp") if found.status == psutil.CONN_LISTEN]
    assert {found.laddr.ip for found in listening if found.laddr.port in ports} == {"127.0.0.1"}
    assert started[0].ended() == {}


def test_postgres_keeps_its_data_and_leftovers_are_cleared(tmp_path: Path) -> None:
    """A container that a killed supervisor left is replaced by the next start, with the same rows."""
    killed, next_one = postgres_docker.DockerPostgres(), postgres_docker.DockerPostgres()
    try:
        part = killed.start(tmp_path, "test")
        with closing(psycopg2.connect(part.dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (7)")
        again = next_one.start(tmp_path, "test")
        assert again.dsn == part.dsn
        with closing(psycopg2.connect(again.dsn)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM kept")
            assert cursor.fetchall() == [(7,)]
    finally:
        next_one.stop()
        next_one.discard(tmp_path)
