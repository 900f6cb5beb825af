"""Past one process: the same runs on a Spark standalone cluster, with executors in processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakehouse_home import Lakehouse
from support import cluster

# Two runs that each start a driver and two executors, and Spark's own patience with a master that is not there.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the cluster keeps its logs and its workers' files."""
    return tmp_path_factory.mktemp("cluster") / "spark"


@pytest.fixture(scope="module")
def variables(lake: Lakehouse, workers: Path) -> Iterator[dict[str, str]]:
    """What a user sets to run on the cluster."""
    with cluster.standalone(workers, lake.settings.cache, memory="1g") as url:
        yield {
            "LAKEHOUSE_SPARK_MASTER": url,
            "LAKEHOUSE_EXECUTOR_MEMORY": "900m",
            "LAKEHOUSE_EXECUTOR_CORES": "1",
        }


def test_a_load_and_changes_are_proven(lake: Lakehouse, variables: dict[str, str], workers: Path) -> None:
    """A full load and the changes after it are taken in by both workers' executors, and silver equals the source."""
    loaded = lake.command("run", **variables)
    assert loaded.ended == (0, None), loaded.err
    lake.simulate(1)
    verified = lake.command("verify", **variables)
    assert verified.ended == (0, None), verified.err + verified.out
    assert [record.run for record in lake.records()] == [1, 2]
    logs = [sorted(workers.glob(f"work-{number}/app-*/*/stderr")) for number in range(cluster.WORKERS)]
    assert [len(of_worker) for of_worker in logs] == [2, 2]
    for log in (log for of_worker in logs for log in of_worker):
        assert "Finished task" in log.read_text(), log


def test_a_master_that_is_not_there(lake: Lakehouse) -> None:
    """A cluster that does not answer is named within Spark's own patience, without a traceback."""
    lake.change("update core_tenant set name = 'elsewhere' where id = 1")
    said = lake.command("run", LAKEHOUSE_SPARK_MASTER="spark://127.0.0.1:9")
    assert said.ended == (1, "spark-refused")


def test_executors_that_fit_no_worker(lake: Lakehouse, variables: dict[str, str]) -> None:
    """Executors larger than every worker never come: that is named, with what was asked for, instead of waiting."""
    lake.change("update core_tenant set name = 'larger' where id = 1")
    said = lake.command("run", **variables | {"LAKEHOUSE_EXECUTOR_MEMORY": "64g"})
    assert said.ended == (1, "spark-refused")
    assert "LAKEHOUSE_EXECUTOR_MEMORY (64g)" in said.err
