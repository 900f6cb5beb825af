"""dbt-athena builds a project of seeds, views, tables, incremental models on Hive tables, and their tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from athena_client import succeed
from aws_clients import Client
from aws_endpoint import Endpoint

PROJECT = Path(__file__).with_name("dbt_project")


@pytest.fixture
def dbt(client: Client, tmp_path: Path, glue: Any) -> Iterator[Client]:
    """Dbt in a copy of the project."""
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)

    def run(*arguments: str, ok: bool = True) -> Any:
        return client("dbt", "--no-send-anonymous-usage-stats", *arguments, ok=ok)

    yield run
    glue.delete_database(Name="dbt_shop")


def test_a_project_is_built_twice(dbt: Client, endpoint: Endpoint) -> None:
    """The second build goes on incrementally: what is overwritten is there once, what is appended once more."""
    athena = endpoint.client("athena")
    dbt("debug")
    for build, seen in ((1, 3), (2, 4)):
        said = dbt("build").stdout
        assert "Completed successfully" in said, said
        found = succeed(athena, "SELECT * FROM spent ORDER BY customer", "dbt_shop").rows()
        assert found == [("customer", "total"), ("ann", "17.50"), ("bob", "0.25")], build
        days = succeed(athena, "SELECT day, orders FROM daily ORDER BY day", "dbt_shop").rows()
        assert days[1:] == [("2026-01-01", "2"), ("2026-01-02", "1")], build
        assert succeed(athena, "SELECT count(*) FROM seen", "dbt_shop").rows()[1] == (str(seen),)
    refused = dbt("run", "--select", "upserted", "--vars", "iceberg: true", ok=False).stdout
    assert "ICEBERG" in refused.upper(), refused
