"""A PostgreSQL 15 of these tests' own: installed binaries, a new data folder, a port on loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The superuser's DSN (without a database) of a running server."""
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        pytest.skip("no PostgreSQL is installed here (pg_config is missing)")
    binaries = subprocess.run([pg_config, "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
    # The server refuses to run as root.
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="source-app-pg-"))
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(*command: str) -> None:
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
        )

    data = folder / "data"
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c wal_level=logical"
        " -c fsync=off -c max_wal_size=2GB"
    )
    run(
        f"{binaries}/initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync"
    )
    run(f"{binaries}/pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"host=127.0.0.1 port={port} user=postgres"
    finally:
        run(f"{binaries}/pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(server: str) -> Callable[[str], str]:
    """Makes an empty database that belongs to the application's ordinary role; returns that role's DSN."""
    with closing(psycopg2.connect(f"{server} dbname=postgres")) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute("create role lakehouse_app login")
            cursor.execute('grant set on parameter "lakehouse.clock" to lakehouse_app')

    def make(name: str) -> str:
        with closing(psycopg2.connect(f"{server} dbname=postgres")) as admin:
            admin.autocommit = True
            with admin.cursor() as cursor:
                cursor.execute(f"create database {name} owner lakehouse_app template template0")
        return f"{server.replace('user=postgres', 'user=lakehouse_app')} dbname={name}"

    return make


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for generated seeds."""
    return tmp_path_factory.mktemp("seeds")
