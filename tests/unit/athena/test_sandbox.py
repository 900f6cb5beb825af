"""A query's process, attacked from inside: what the kernel leaves it when DuckDB is told anything at all."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse_local.engines.athena.sandbox import landlock, wire
from lakehouse_local.engines.athena.sandbox.limits import Limits
from lakehouse_local.engines.athena.sandbox.pool import Pool, SandboxUnavailable

pytestmark = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """Processes that wait."""
    found = Pool(tmp_path_factory.mktemp("pool") / "queries", Limits(seconds=20), ready=1)
    yield found
    found.close()


def asked(pool: Pool, sql: str) -> Any:
    """The answer of a process to SQL that no translation has seen."""
    worker = pool.take()
    write = {"kind": "text", "name": "result.csv", "options": "(format csv)"}
    job = {"sql": sql, "unnamed": "?", "macros": [], "sources": [], "views": [], "write": write, "spill_bytes": 2**20}
    try:
        return worker.run(job, 20)
    except wire.Gone:
        return {"error": "Gone"}
    finally:
        worker.close()
        pool.refill()


def test_plain_sql_answers(pool: Pool) -> None:
    """The same job with nothing bad in it works, so that the refusals below mean something."""
    assert asked(pool, "select 1 as a")["rows"] == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select content from read_text('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from read_csv('{secret}')",
        "select * from '{secret}'",
        "select * from read_text('../../../secret.csv')",
        "select * from enable_logging()",
        "select * from duckdb_secrets()",
        "select * from read_csv('http://127.0.0.1:1/x')",
    ],
)
def test_duckdb_is_refused_what_the_query_has_no_right_to(pool: Pool, tmp_path: Path, sql: str) -> None:
    """Raw SQL reaches no file, no log and no network, even without the translation before it."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    answer = asked(pool, sql.format(secret=secret))
    assert "error" in answer or answer["rows"] == 0


def test_the_kernel_confines_a_process(tmp_path: Path) -> None:
    """After confine() only the given folders can be read and written, and no port can be called."""
    inside, outside = tmp_path / "in", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "file").write_text("x")
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    child = os.fork()
    if child == 0:
        landlock.confine([str(inside)], [])
        code = 0 if (inside / "file").read_text() == "x" else 1
        for number, forbidden in enumerate(
            (
                (outside / "file").read_text,
                lambda: (outside / "new").write_text("x"),
                lambda: (inside / "file").write_text("y"),
                lambda: socket.create_connection(("127.0.0.1", port), 1),
            )
        ):
            try:
                forbidden()
                code |= 2 << number
            except OSError:
                pass
        os._exit(code)
    _, status = os.waitpid(child, 0)
    server.close()
    assert os.waitstatus_to_exitcode(status) == 0


def test_memory_is_bounded(pool: Pool) -> None:
    """A value of two billion characters ends as an error, not as the machine's memory."""
    assert "error" in asked(pool, "select length(repeat('a', 2000000000))")


def test_no_process_is_left(tmp_path: Path) -> None:
    """Closing the pool ends the nursery and those that wait, and removes their folders."""
    pool = Pool(tmp_path / "queries", Limits(), ready=2)
    worker = pool.take()
    pid = worker._pid
    worker.close()
    pool.close()
    assert list((tmp_path / "queries").iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_kernel_that_cannot_confine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless whoever starts it says that every query is trusted."""
    monkeypatch.setattr(landlock, "version", lambda: 0)
    with pytest.raises(SandboxUnavailable, match="no Landlock"):
        Pool(tmp_path / "queries", Limits(seconds=20))
    assert not (tmp_path / "queries").exists()
