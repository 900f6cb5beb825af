"""The pytest plugin: fixtures ``lakehouse``, ``spark`` and ``aws`` for tests of your own code.

Whoever has this package installed has the fixtures. A test that asks for none of them pays nothing: nothing but pytest
is imported until one is asked for. In pyproject.toml, where wanted:

    [tool.pytest.ini_options]
    lakehouse_extensions = "my_project.lake:extend"

``pytest --lakehouse-home DIR`` keeps the lakehouse running in that folder, and finds it there the next time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse_local.aws import Aws
    from lakehouse_local.lakehouse import Lakehouse


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the setting."""
    parser.getgroup("lakehouse").addoption(
        "--lakehouse-home",
        type=Path,
        help="keep the tests' lakehouse in this folder, running, for the next time (default: a temporary one)",
    )
    parser.addini("lakehouse_extensions", "module:function, blank between several", type="args", default=[])


@pytest.fixture(scope="session")
def lakehouse(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Lakehouse]":
    """A running small lakehouse, one per test process: a seeded source, and an empty lake until the first run.

    A test commits changes (``lakehouse.change``, ``lakehouse.orm``), calls ``lakehouse.run()``, and looks at the outcome
    (``query``, ``table``, ``verify``). Tests see what earlier ones committed: ask about rows of your own.
    """
    from lakehouse_local.testing import small  # noqa: PLC0415 - only now, see above

    home: Path | None = pytestconfig.getoption("lakehouse_home")
    folder = home.absolute() if home else tmp_path_factory.mktemp("lakehouse") / "home"
    settings = small.settings_in(folder, tuple(pytestconfig.getini("lakehouse_extensions")))
    with _named_errors(), small.running(settings, keep=home is not None) as started:
        yield started


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> "SparkSession":
    """The lakehouse's Spark (UTC, ANSI, Hudi and Delta), without any server: for frames that a test makes itself.

    There is one Spark in a process: where a test also asks for ``lakehouse``, it can read and write the lake's S3.
    """
    from lakehouse_local.spark.session import session  # noqa: PLC0415
    from lakehouse_local.testing import small  # noqa: PLC0415

    with _named_errors():
        return session(small.settings_in(tmp_path_factory.mktemp("spark")), None, "tests")


@pytest.fixture(scope="session")
def aws(lakehouse: "Lakehouse") -> "Aws":
    """The running lakehouse's AWS endpoint: ``aws.client("s3")`` is a boto3 client, ``aws.endpoint`` its URL."""
    return lakehouse.aws


@contextmanager
def _named_errors() -> Iterator[None]:
    """What is a user's to mend is one message, not a traceback."""
    from lakehouse_core.errors import LakehouseError  # noqa: PLC0415
    from source_app.errors import SourceError  # noqa: PLC0415

    try:
        yield
    except (LakehouseError, SourceError) as error:
        pytest.fail(f"({error.code}) {error}", pytrace=False)
