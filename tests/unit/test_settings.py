"""Settings as LAKEHOUSE_* variables give them."""

import pytest

from lakehouse_local.errors import SettingInvalid
from lakehouse_local.settings import from_environment


def test_a_cluster_is_a_matter_of_variables() -> None:
    """Master, memory, cores and the driver's address are read; without them Spark is one process on loopback."""
    asked = from_environment(
        {
            "LAKEHOUSE_SPARK_MASTER": "spark://lake:7077",
            "LAKEHOUSE_EXECUTOR_MEMORY": "8g",
            "LAKEHOUSE_EXECUTOR_CORES": "4",
            "LAKEHOUSE_DRIVER_HOST": "10.0.0.5",
        }
    )
    assert (asked.spark_master, asked.executor_memory) == ("spark://lake:7077", "8g")
    assert (asked.executor_cores, asked.driver_host) == (4, "10.0.0.5")
    plain = from_environment({})
    assert (plain.spark_master, plain.driver_host, plain.executor_cores) == ("local[*]", "127.0.0.1", None)


@pytest.mark.parametrize("cores", ["0", "two", "-1", ""])
def test_cores_that_are_none(cores: str) -> None:
    """A number of cores that is none is refused before anything starts, by the variable's name."""
    with pytest.raises(SettingInvalid, match="LAKEHOUSE_EXECUTOR_CORES"):
        from_environment({"LAKEHOUSE_EXECUTOR_CORES": cores})
