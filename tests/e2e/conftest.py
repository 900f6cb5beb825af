"""A seeded lakehouse for each module: installed PostgreSQL (or the embedded one) and LocalStack from pip."""

from collections.abc import Iterator

import pytest
from lakehouse_home import Lakehouse, lakehouse

from lakehouse_local.providers.errors import ProviderUnavailable


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakehouse]:
    """The module's lakehouse: a seeded source, nothing captured yet."""
    try:
        with lakehouse(tmp_path_factory.mktemp("lakehouse") / "home") as running:
            yield running
    except ProviderUnavailable as error:
        pytest.skip(str(error))
