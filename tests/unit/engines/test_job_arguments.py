"""Job arguments that this machine cannot honour are refused by name, before anything starts."""

from collections.abc import Mapping

import pytest

from lakehouse_local.engines.jobs.arguments import conf, special
from lakehouse_local.engines.jobs.errors import LaunchFailed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"--job-language": "scala"}, "scripts are Python here"),
        ({"--datalake-formats": "hudi,paimon"}, "paimon: there are"),
        ({"--conf": "spark.a"}, "'spark.a' is not name=value"),
    ],
)
def test_what_cannot_be_done_is_named(arguments: Mapping[str, str], said: str) -> None:
    """The message has the argument and what is possible."""
    with pytest.raises(LaunchFailed, match=said):
        special(arguments)


def test_a_value_may_hold_the_sign() -> None:
    """Only the first = divides name from value."""
    assert conf("spark.a=-Dx=y --conf spark.b=2") == {"spark.a": "-Dx=y", "spark.b": "2"}
