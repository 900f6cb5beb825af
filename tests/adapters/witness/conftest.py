"""What the program looks like to real Debezium and to our capture, once for all tests here."""

import pytest
from witness import engine
from witness.run import Seen, see

from lakehouse_local import settings
from lakehouse_local.environment import PostgresPart, S3Part


@pytest.fixture(scope="module")
def seen(module_postgres: PostgresPart, s3_server: S3Part, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Skipped where real Debezium cannot run."""
    cache = settings.from_environment().cache
    if reason := engine.obstacle(cache):
        pytest.skip(reason)
    return see(module_postgres, s3_server, cache, tmp_path_factory.mktemp("debezium"))
