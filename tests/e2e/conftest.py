"""A seeded lakehouse for each module: installed PostgreSQL (or the embedded one) and LocalStack from pip."""

from collections.abc import Iterator

import pytest
from lakehouse_home import Lakehouse, lakehouse

from lakehouse_local.providers.errors import ProviderUnavailable


@pytest.fixture(scope="module")
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakehouse]:
    """The module's lakehouse: a seeded source, nothing captured yet; the module's EXTENSIONS make its blueprint."""
    home = tmp_path_factory.mktemp("lakehouse") / "home"
    try:
        with lakehouse(home, extensions=getattr(request.module, "EXTENSIONS", ())) as running:
            yield running
    except ProviderUnavailable as error:
        pytest.skip(str(error))
