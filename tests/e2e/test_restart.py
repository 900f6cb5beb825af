"""Servers that stop and start again: nothing is lost, and what S3 lost is never a silent hole."""

import pytest
from lakehouse_home import FEW_MARTS, Lakehouse

from lakehouse_local.errors import LakeIncomplete

EXTENSIONS = FEW_MARTS


@pytest.fixture(scope="module", autouse=True)
def _taken_in(lake: Lakehouse) -> None:
    """The full load is in silver and gold."""
    lake.run()


def assert_incomplete(lake: Lakehouse) -> None:
    """Neither a run nor a proof takes the hole for a young lake; both name the way back."""
    for verb in (lake.run, lake.verify):
        with pytest.raises(LakeIncomplete, match="S3 lacks what was taken in before") as caught:
            verb()
        assert "lakehouse replicate --reload" in caught.value.hint


def assert_comes_back(lake: Lakehouse) -> None:
    """After a reload, silver equals the source again."""
    lake.reload()
    lake.run()
    report = lake.verify()
    assert report.equal, report.details()


@pytest.mark.slow
def test_a_lake_that_was_never_exported(lake: Lakehouse) -> None:
    """LocalStack is killed before the first export: everything is gone, is named, and comes back by a reload."""
    lake.kill("localstack")
    assert lake.command("run").ended == (1, "s3-unreachable")
    assert any("before it could be exported" in line for line in lake.down())
    assert any("ended without an export" in line for line in lake.up())
    assert lake.records() == []
    assert_incomplete(lake)
    assert_comes_back(lake)


def test_down_and_up_lose_nothing(lake: Lakehouse) -> None:
    """After an orderly stop all runs are there, the source goes on, and the proof is equal without a reload."""
    before = lake.records()
    lake.down()
    lake.up()
    assert lake.records() == before
    lake.simulate(1)
    report = lake.verify()
    assert report.equal, report.details()
    assert [record.run for record in lake.records()] == [*(record.run for record in before), before[-1].run + 1]


@pytest.mark.slow
def test_a_lake_that_lost_what_came_after_its_export(lake: Lakehouse) -> None:
    """LocalStack is killed after a later run: the older state that is restored is named, and a reload leads back."""
    runs = len(lake.records())
    lake.kill("localstack")
    lake.down()
    lake.up()
    assert 0 < len(lake.records()) < runs
    assert_incomplete(lake)
    assert_comes_back(lake)
