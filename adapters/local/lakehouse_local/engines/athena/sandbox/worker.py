"""What a query process does: one job, from its definitions to a file of results."""

import json
import os
import socket
from typing import Any

import duckdb

from lakehouse_local.engines.athena.sandbox import opencsv, readers, render, wire
from lakehouse_local.engines.athena.sandbox.macros import definitions
from lakehouse_local.engines.athena.sandbox.sql import literal, quoted

Job = dict[str, Any]


def serve(channel: socket.socket, connection: duckdb.DuckDBPyConnection, folder: str) -> None:
    """Say that this process is ready, take a job, answer it."""
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set python_enable_replacements = false")
    wire.send(channel, {"pid": os.getpid()})
    job = wire.receive(channel)
    try:
        answer = _run(connection, folder, job)
    except duckdb.Error as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        answer = {"error": "OutOfMemoryException", "message": "out of memory"}
    except readers.Mismatch as error:
        answer = {"error": "Mismatch", "message": str(error)}
    wire.send(channel, answer)


def _run(connection: duckdb.DuckDBPyConnection, folder: str, job: Job) -> dict[str, Any]:
    """Confine, define, run."""
    _lock(connection, folder, job)
    for statement in definitions(job["macros"]):
        connection.execute(statement)
    if any(source["reader"] == "opencsv" for source in job["sources"]):
        opencsv.define(connection)
    for source in job["sources"]:
        connection.execute(f"create schema if not exists {quoted(source['schema'])}")
        readers.define(connection, f"{folder}/in", source)
    for schema, name, sql in job["views"]:
        connection.execute(f"create schema if not exists {quoted(schema)}")
        connection.execute(f"create or replace view {quoted(schema)}.{quoted(name)} as {sql}")
    connection.execute("set lock_configuration = true")
    relation = connection.sql(job["sql"])
    if relation is None:
        raise duckdb.InvalidInputException("this is no query")
    # A column without a name is called by its position, which only stands once * is known.
    names = [f"_col{n}" if name == job["unnamed"] else name for n, name in enumerate(relation.columns)]
    columns = [{"name": name, **render.described(kind)} for name, kind in zip(names, relation.types, strict=True)]
    target = f"{folder}/out/{job['write']['name']}"
    selected = render.selection(job["sql"], relation.types, names, job["write"])
    copied = connection.execute(f"copy ({selected}) to {literal(target)} {job['write']['options']}").fetchone()
    return {"columns": columns, "rows": copied[0] if copied else 0, "bytes": _bytes_read(connection)}


def _lock(connection: duckdb.DuckDBPyConnection, folder: str, job: Job) -> None:
    """Leave DuckDB the query's own files; the spill folder must be set before external access goes."""
    files = [f"{folder}/in/{name}" for source in job["sources"] for name in source["files"]]
    listed = ", ".join(literal(path) for path in files)
    for setting in (
        f"temp_directory = {literal(folder + '/out/spill')}",
        f"max_temp_directory_size = '{job['spill_bytes']}B'",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        f"allowed_paths = [{listed}]",
        f"allowed_directories = [{literal(folder + '/out')}]",
        "enable_external_access = false",
        "enable_profiling = 'no_output'",
        "profiling_coverage = 'ALL'",
    ):
        connection.execute(f"set {setting}")


def _bytes_read(connection: duckdb.DuckDBPyConnection) -> int:
    """The bytes of files that the last statement read: footers and column chunks of Parquet, all of a text file."""
    return int(json.loads(connection.get_profiling_information())["io"]["total_bytes_read"])
