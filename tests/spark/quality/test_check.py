"""Rules over frames: who fails which rule."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse_core import quality
from lakehouse_core.contracts import CONTRACTS, Column, Contract, Predicate, Reference, Rule, Unique
from lakehouse_core.errors import UnknownEntity

SHOP = Contract(
    table="shop",
    entity="shop",
    view="shops",
    grain="one row per shop",
    columns=(Column("id", "bigint"),),
)
SALE = Contract(
    table="sale",
    entity="sale",
    view="sales",
    grain="one row per sale",
    columns=(Column("id", "bigint"), Column("shop_id", "bigint"), Column("code", "text"), Column("amount", "integer")),
    rules=(
        Rule("sale.amount_positive", Predicate("amount > 0"), "the amount is above zero"),
        Rule("sale.code_unique", Unique(("shop_id", "code")), "no other sale of the shop has the code"),
        Rule("sale.shop_exists", Reference("shop_id", "shop"), "the shop is known"),
        Rule("sale.coded", Predicate("code is not null or amount = 0"), "there is a code"),
    ),
)
SALES_CONTRACTS = {"shop": SHOP, "sale": SALE}


@pytest.fixture(scope="module")
def frames(spark: SparkSession) -> dict[str, DataFrame]:
    """Two shops; sales good, negative, amountless, twice the same code, of no shop, of an unknown shop."""
    sales = [
        (1, 1, "a", 5),
        (2, 1, "b", -5),
        (3, 2, "a", None),
        (4, 2, "c", 1),
        (5, 2, "c", 1),
        (6, None, "c", 1),
        (7, 9, "d", 1),
        (8, 1, None, 1),
        (9, 1, None, 1),
    ]
    return {
        "shop": spark.createDataFrame([(1,), (2,)], "id bigint"),
        "sale": spark.createDataFrame(sales, "id bigint, shop_id bigint, code string, amount int"),
    }


EXPECTED = {
    "sale.amount_positive": {2, 3},  # NULL is not above zero
    "sale.code_unique": {4, 5},  # NULL equals nothing
    "sale.shop_exists": {7},
    "sale.coded": {8, 9},
}


def test_failures(frames: dict[str, DataFrame]) -> None:
    """Each rule is failed by the rows that the model says, once each."""
    rows = quality.failures(frames, SALES_CONTRACTS).collect()
    found: dict[str, set[int]] = {}
    for row in rows:
        assert row["entity"] == "sale"
        found.setdefault(row["rule"], set()).add(row["key"])
    assert found == EXPECTED
    assert len(rows) == sum(map(len, EXPECTED.values()))


def test_check_counts_what_failures_lists(frames: dict[str, DataFrame]) -> None:
    """The report has every rule with its counts, and the quarantine that it was given."""
    report = quality.check(frames, SALES_CONTRACTS, {"sale": 2})
    assert {result.rule: (result.checked, result.failed) for result in report.results} == {
        rule: (9, len(keys)) for rule, keys in EXPECTED.items()
    }
    assert dict(report.quarantined) == {"sale": 2}


def test_an_empty_frame_has_no_share(frames: dict[str, DataFrame]) -> None:
    """Where there is no row, there is no share."""
    report = quality.check(frames | {"sale": frames["sale"].limit(0)}, SALES_CONTRACTS)
    assert {(result.checked, result.failed, result.share) for result in report.results} == {(0, 0, None)}


def test_a_frame_without_contract_is_named(frames: dict[str, DataFrame]) -> None:
    """An unknown entity is an error that says what there is."""
    with pytest.raises(UnknownEntity, match="sales; there are shop, sale"):
        quality.check({"sales": frames["sale"]}, SALES_CONTRACTS)


def test_a_missing_reference_is_named(frames: dict[str, DataFrame]) -> None:
    """A rule that needs another entity says which."""
    with pytest.raises(UnknownEntity, match=r"rule sale.shop_exists needs the frame of 'shop'; given: sale"):
        quality.failures({"sale": frames["sale"]}, SALES_CONTRACTS)


def test_every_rule_of_the_contracts_reads_silvers_columns(spark: SparkSession) -> None:
    """Each predicate and key of the real contracts is understood over the columns that silver promises."""
    empty = {
        entity: spark.createDataFrame([], contract.spark_schema).selectExpr(
            "*", *(f"cast(null as {column.type}) as {column.name}" for column in contract.derived)
        )
        for entity, contract in CONTRACTS.items()
    }
    assert quality.failures(empty, CONTRACTS).count() == 0
