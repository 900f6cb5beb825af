"""The supervisor's life: up, down, and every way in which it or a server can die."""

import json
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import boto3
import psutil
import psycopg2
import pytest
import tenacity

from lakehouse_local import environment, supervisor
from lakehouse_local.errors import NotRunning
from lakehouse_local.gateway import health
from lakehouse_local.providers import exports
from lakehouse_local.providers.errors import ExportIncomplete, PortInUse, ServerDied, SupervisorFailed
from lakehouse_local.providers.postgres_binaries import BinariesPostgres
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage


class Heard(list[str]):
    """The progress that a user would see."""

    def __call__(self, line: str) -> None:
        """Take one line."""
        self.append(line)


@pytest.fixture
def home_up(home_settings: Settings) -> Iterator[Settings]:
    """A home whose servers run, stopped afterwards whatever the test did to them."""
    supervisor.up(home_settings, Heard())
    yield home_settings
    living = supervisor.living(home_settings.home)
    if living is not None:
        supervisor.down(home_settings, Heard())
    BinariesPostgres("", home_settings.home).discard(home_settings.home)


def test_down_and_up_lose_nothing(home_up: Settings) -> None:
    """Rows and objects are there again at the same addresses, and nothing runs in between."""
    before = environment.load(home_up)
    bucket = home_up.naming.bucket("silver")
    S3Storage(before.s3).put(bucket, "a/../../b", b"kept")
    with closing(psycopg2.connect(before.postgres.dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id int PRIMARY KEY)")
    processes = psutil.Process(before.supervisor_pid).children(recursive=True)
    supervisor.down(home_up, Heard())
    assert not any(process.is_running() for process in processes)
    with pytest.raises(NotRunning):
        environment.load(home_up)
    with pytest.raises(NotRunning):
        supervisor.down(home_up, Heard())

    heard = Heard()
    after = supervisor.up(home_up, heard)
    assert any("1 objects restored" in line for line in heard)
    assert (after.postgres.dsn, after.s3.endpoint) == (before.postgres.dsn, before.s3.endpoint)
    assert S3Storage(after.s3).get(bucket, "a/../../b") == b"kept"
    with closing(psycopg2.connect(after.postgres.dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")
    assert supervisor.status(home_up).s3_loss is None


def test_up_twice_is_one_lakehouse(home_up: Settings) -> None:
    """The second call says so and changes nothing; secrets stay out of what status prints."""
    heard = Heard()
    assert supervisor.up(home_up, heard) == environment.load(home_up)
    assert heard == ["already running"]
    shown = json.dumps(supervisor.as_dict(supervisor.status(home_up)))
    assert "password" not in shown
    assert "secret" not in shown
    state = home_up.home / "state.json"
    assert state.stat().st_mode & 0o077 == 0


def test_a_dead_server_is_named_and_comes_back(home_up: Settings) -> None:
    """PostgreSQL is killed: status says how it ended, up refuses with the way back, which works."""
    before = environment.load(home_up)
    (postmaster,) = _children(before.supervisor_pid, "postgres")
    postmaster.kill()
    _until(lambda: bool(supervisor.status(home_up).died))
    assert "code -9" in supervisor.status(home_up).died["PostgreSQL"]
    with pytest.raises(ServerDied, match="PostgreSQL") as caught:
        supervisor.up(home_up, Heard())
    assert caught.value.hint == "lakehouse down && lakehouse up"
    supervisor.down(home_up, Heard())
    after = supervisor.up(home_up, Heard())
    psycopg2.connect(after.postgres.dsn).close()
    assert supervisor.status(home_up).died == {}


def test_a_killed_supervisor_leaves_no_process_and_no_silent_hole(home_up: Settings) -> None:
    """Its servers end with it; status, up, and status again say that S3 was not exported."""
    before = environment.load(home_up)
    S3Storage(before.s3).put(home_up.naming.bucket("bronze"), "lost", b"1")
    killed = psutil.Process(before.supervisor_pid)
    children = killed.children(recursive=True)
    killed.kill()
    _until(lambda: not any(process.is_running() for process in children))
    assert "supervisor" in supervisor.status(home_up).died
    heard = Heard()
    supervisor.up(home_up, heard)
    assert any("ended without an export" in line for line in heard)
    assert "ended without an export" in str(supervisor.status(home_up).s3_loss)
    supervisor.down(home_up, Heard())
    supervisor.up(home_up, Heard())
    assert supervisor.status(home_up).s3_loss is None


def test_a_dead_s3_is_said_by_down_and_by_the_next_up(home_up: Settings) -> None:
    """What could not be exported is not passed over."""
    aws, servers = _endpoint_and_others(environment.load(home_up).supervisor_pid)
    (server,) = servers
    server.kill()
    heard = Heard()
    supervisor.down(home_up, heard)
    assert not aws.is_running()
    assert any("S3 has ended before it could be exported" in line for line in heard)
    heard = Heard()
    supervisor.up(home_up, heard)
    assert any("ended without an export" in line for line in heard)


@pytest.mark.parametrize("limit", [0, 1 << 19], ids=["nothing can be written", "an object cannot be written"])
def test_a_full_disk_keeps_the_servers_up(home_up: Settings, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """What cannot be exported stays in S3, which runs on; with room again nothing is missing."""
    monkeypatch.setattr(supervisor, "DOWN_SECONDS", 20)
    parts = environment.load(home_up)
    bucket = home_up.naming.bucket("silver")
    S3Storage(parts.s3).put(bucket, "large", bytes(1 << 20))
    process = psutil.Process(parts.supervisor_pid)
    before = process.rlimit(resource.RLIMIT_FSIZE)
    process.rlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    # Without a place for its answer the supervisor can only go on.
    why = r"free disk space" if limit else "did not end"
    with pytest.raises(ExportIncomplete if limit else SupervisorFailed, match=why):
        supervisor.down(home_up, Heard())
    assert S3Storage(parts.s3).get(bucket, "large") == bytes(1 << 20)
    assert not list((home_up.home / "s3-export" / "objects").iterdir())
    process.rlimit(resource.RLIMIT_FSIZE, before)
    supervisor.down(home_up, Heard())
    heard = Heard()
    after = supervisor.up(home_up, heard)
    assert any("1 objects restored" in line for line in heard)
    assert S3Storage(after.s3).get(bucket, "large") == bytes(1 << 20)


def test_the_aws_endpoint_is_up_with_the_rest(home_up: Settings) -> None:
    """It answers with the key that env exports; killed, it is named by status, and down still exports S3."""
    running = environment.load(home_up)
    found = exports(running)
    session = boto3.Session(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], region_name=found["AWS_REGION"])
    glue = session.client("glue", endpoint_url=found["AWS_ENDPOINT_URL"])
    assert glue.get_databases()["DatabaseList"] == []
    assert "[profile ramses]" in Path(found["AWS_CONFIG_FILE"]).read_text()
    assert health.ask(running)["services"]["glue"]["calls"]["StartJobRun"] == "done"
    aws, _ = _endpoint_and_others(running.supervisor_pid)
    aws.kill()
    _until(lambda: "AWS endpoint" in supervisor.status(home_up).died)
    heard = Heard()
    supervisor.down(home_up, heard)
    assert any("objects exported" in line for line in heard)


def test_a_port_in_use_stops_up_and_what_had_started(home_settings: Settings) -> None:
    """The error of the supervisor reaches the user with its kind; no server is left behind."""
    home_settings.home.mkdir()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = home_settings.home / "ports.json"
        ports.write_text(json.dumps({"s3": other.getsockname()[1]}))
        with pytest.raises(PortInUse, match="of s3 is in use"):
            supervisor.up(home_settings, Heard())
    _until(lambda: supervisor.living(home_settings.home) is None)
    started = json.loads(ports.read_text())["postgres"]
    assert not any(found.laddr.port == started for found in psutil.net_connections("tcp") if found.status == "LISTEN")
    assert supervisor.status(home_settings).environment is None


def _children(supervisor_pid: int, name: str) -> list[psutil.Process]:
    return [child for child in psutil.Process(supervisor_pid).children() if child.name().startswith(name)]


def _until(true: Callable[[], bool]) -> None:
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda result: not result),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(20),
    )(true)


def _endpoint_and_others(supervisor_pid: int) -> tuple[psutil.Process, list[psutil.Process]]:
    """The AWS endpoint's process, and the other servers that are Python programs."""
    pythons = _children(supervisor_pid, "python")
    (aws,) = (each for each in pythons if "lakehouse_local.gateway" in each.cmdline())
    return aws, [each for each in pythons if each != aws]
