"""Partitions that a table's properties compute, and properties that compute none."""

from datetime import UTC, datetime

import pytest

from lakehouse_local.engines.athena import projection
from lakehouse_local.engines.athena.errors import QueryFailed
from lakehouse_local.engines.athena.hive_types import parse
from lakehouse_local.engines.athena.model import Column, Table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def projected(key: str = "p", **properties: str) -> list[tuple[tuple[str, ...], str]]:
    """Values and places of the partitions of a table with one key; underscores in names are dots."""
    given = {f"projection.{key}.{name.replace('_', '.')}": value for name, value in properties.items()}
    return places(given, key)


def places(given: dict[str, str], *keys: str) -> list[tuple[tuple[str, ...], str]]:
    """The same for any properties."""
    table = Table(
        "shop",
        "t",
        (),
        tuple(Column(key, parse("string")) for key in keys),
        location="s3://lake/t",
        parameters={"projection.enabled": "true", **given},
    )
    assert projection.is_projected(table)
    return [(each.values, each.location) for each in projection.partitions(table, NOW)]


def test_each_type_has_its_values() -> None:
    """Enums as they are listed, integers by step and digits, dates by format, from NOW as well."""
    assert projected(type="enum", values="A,B") == [(("A",), "s3://lake/t/p=A/"), (("B",), "s3://lake/t/p=B/")]
    assert [v for (v,), _ in projected(type="integer", range="-1,5", interval="3", digits="2")] == ["-1", "02", "05"]
    days = projected(type="date", range="NOW-2DAYS,NOW", format="yyyy-MM-dd")
    assert [v for (v,), _ in days] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    months = projected(type="date", range="2025/11,NOW", format="yyyy/MM")
    assert [v for (v,), _ in months] == ["2025/11", "2025/12", "2026/01", "2026/02", "2026/03"]
    hours = projected(
        type="date", range="2026-01-01-22,2026-01-02-02", format="yyyy-MM-dd-HH", interval="2", interval_unit="HOURS"
    )
    assert [v for (v,), _ in hours] == ["2026-01-01-22", "2026-01-02-00", "2026-01-02-02"]


def test_a_template_says_where_they_are() -> None:
    """Every key's value stands in the template; all combinations are partitions."""
    given = {
        "projection.a.type": "enum",
        "projection.a.values": "x,y",
        "projection.b.type": "integer",
        "projection.b.range": "1,2",
        "storage.location.template": "s3://lake/t/${a}/n-${b}",
    }
    assert places(given, "a", "b") == [
        (("x", "1"), "s3://lake/t/x/n-1/"),
        (("x", "2"), "s3://lake/t/x/n-2/"),
        (("y", "1"), "s3://lake/t/y/n-1/"),
        (("y", "2"), "s3://lake/t/y/n-2/"),
    ]
    with pytest.raises(QueryFailed, match=r"has no \$\{c\}"):
        places({**given, "projection.c.type": "enum", "projection.c.values": "z"}, "a", "b", "c")


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "type '' is none of enum"),
        ({"type": "enum"}, "projection.p.values is missing"),
        ({"type": "integer", "range": "one,two"}, "no min,max of integers"),
        ({"type": "integer", "range": "1,2", "interval": "0"}, "not positive"),
        ({"type": "date", "range": "NOW-1DAYS,NOW"}, "projection.p.format is missing"),
        ({"type": "date", "range": "soon,NOW", "format": "yyyy-MM-dd"}, "no from,to of yyyy-MM-dd"),
        ({"type": "date", "range": "2026-01-01-00,NOW", "format": "yyyy-MM-dd-HH"}, "needs an interval"),
        ({"type": "injected"}, "is not read here yet"),
    ],
)
def test_properties_that_describe_none(properties: dict[str, str], words: str) -> None:
    """The reason names the column and the property."""
    with pytest.raises(QueryFailed, match="'p'") as refused:
        projected(**properties)
    assert words in str(refused.value)
