"""Which provider a setting chooses, and what is said about it."""

from pathlib import Path

import pytest

from lakehouse_local.providers.choice import choose_postgres, choose_s3
from lakehouse_local.providers.errors import ProviderUnavailable, UnknownProvider
from lakehouse_local.settings import Settings


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")


def test_unknown_names_are_refused_with_the_known_ones(tmp_path: Path) -> None:
    """A misspelt provider is a user's mistake, named as such."""
    with pytest.raises(UnknownProvider, match="LAKEHOUSE_POSTGRES=oracle") as caught:
        choose_postgres(Settings(tmp_path, tmp_path, postgres="oracle"))
    assert "docker, installed, embedded" in caught.value.hint
    with pytest.raises(UnknownProvider, match="LAKEHOUSE_S3=minio"):
        choose_s3(Settings(tmp_path, tmp_path, s3="minio"))


def test_a_forced_provider_that_does_not_work_is_not_replaced(tmp_path: Path) -> None:
    """Docker without an engine is an error, never silently something else."""
    with pytest.raises(ProviderUnavailable, match="docker: no container engine answers"):
        choose_postgres(Settings(tmp_path, tmp_path, postgres="docker"))
    with pytest.raises(ProviderUnavailable, match="installed-3 is not on this machine"):
        choose_postgres(Settings(tmp_path, tmp_path, postgres="installed-3"))


def test_auto_says_what_it_passed_over(tmp_path: Path) -> None:
    """The reason names every provider that came before."""
    assert "docker: no container engine answers" in choose_postgres(Settings(tmp_path, tmp_path)).why


def test_addresses_are_taken_as_they_are(tmp_path: Path) -> None:
    """A URL or key=value needs no provider's name."""
    assert choose_postgres(Settings(tmp_path, tmp_path, postgres="postgresql://u@h/d")).provider.name == "dsn"
    assert choose_postgres(Settings(tmp_path, tmp_path, postgres="host=h dbname=d")).provider.name == "dsn"
    assert choose_s3(Settings(tmp_path, tmp_path, s3="https://h:1")).provider.name == "url"


def test_a_home_stays_with_the_provider_that_made_its_data(tmp_path: Path) -> None:
    """Another provider would show an empty database, so its absence is an error."""
    (tmp_path / "postgres-provider").write_text("embedded-16")
    assert choose_postgres(Settings(tmp_path, tmp_path)).provider.name == "embedded-16"
    (tmp_path / "postgres-provider").write_text("docker")
    with pytest.raises(ProviderUnavailable, match="was made by docker"):
        choose_postgres(Settings(tmp_path, tmp_path))


def test_moto_is_never_chosen_by_itself(tmp_path: Path) -> None:
    """Without LocalStack, auto says what to do instead of falling back to a mock."""
    with pytest.raises(ProviderUnavailable, match="make setup"):
        choose_s3(Settings(tmp_path, tmp_path))
    assert choose_s3(Settings(tmp_path, tmp_path, s3="moto")).provider.name == "moto"
