"""LocalStack's own environment is built once."""

from hashlib import sha256
from pathlib import Path

import pytest

from lakehouse_local.providers import localstack
from lakehouse_local.providers.errors import LocalStackNotBuilt


def test_a_built_environment_is_left_alone(tmp_path: Path) -> None:
    """With the stamp of the same lock nothing runs, so it works offline."""
    (tmp_path / "localstack").mkdir()
    (tmp_path / "localstack" / localstack.STAMP).write_text(sha256(localstack.LOCK.read_bytes()).hexdigest())
    assert localstack.ensure(tmp_path) == tmp_path / "localstack"
    assert not (tmp_path / "localstack" / "bin").exists()


def test_a_half_built_environment_is_not_used(tmp_path: Path) -> None:
    """Without the stamp, which is written last, the provider says that it is not built."""
    (tmp_path / "localstack" / "bin").mkdir(parents=True)
    assert "make setup" in str(localstack.LocalStack(tmp_path).obstacle())


def test_a_missing_lock_and_a_broken_one_are_named(tmp_path: Path) -> None:
    """Building fails with our error, not with a traceback."""
    with pytest.raises(LocalStackNotBuilt, match="is missing"):
        localstack.ensure(tmp_path, lock=tmp_path / "none.lock")
    (tmp_path / "bad.lock").write_text("localstack-core==4.5.0\n")
    with pytest.raises(LocalStackNotBuilt, match="hash"):
        localstack.ensure(tmp_path, lock=tmp_path / "bad.lock")
    assert localstack.LocalStack(tmp_path).obstacle() is not None
