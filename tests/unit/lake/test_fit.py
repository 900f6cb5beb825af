"""A run goes on only with the tables and columns that the lake has, unless it loads everything."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame

from lakehouse_core.blueprint import STANDARD, Blueprint
from lakehouse_core.contracts import Column, Contract, Derived
from lakehouse_core.errors import BlueprintChanged
from lakehouse_local.lake import fit
from lakehouse_local.lake.records import Applied, RunRecord, TableRecord

REVIEW = Contract("shop_review", "review", "reviews", "one row per review", (Column("id", "bigint"),))


def same(frame: DataFrame) -> DataFrame:
    """A step that is never run."""
    return frame


def made_by(blueprint: Blueprint) -> RunRecord:
    """The record of a run with that blueprint, read back from its object."""
    tables = {
        f"silver.{entity}": TableRecord("1", columns=fit.columns(contract))
        for entity, contract in blueprint.contracts.items()
    }
    record = RunRecord(1, datetime(2026, 1, 1, tzinfo=UTC), "hudi", "dms", Applied(1, 0, 1), tables)
    return RunRecord.from_json(record.to_json())


WIDER = STANDARD.with_columns("order", same, Derived("mine", "int", "mine"))
MORE = STANDARD.with_table(REVIEW)


def test_what_fits() -> None:
    """The first run, the same blueprint, and records of a version that kept no columns."""
    older = made_by(STANDARD)
    older = replace(older, tables={name: replace(entry, columns=None) for name, entry in older.tables.items()})
    for blueprint, last in ((MORE, None), (WIDER, made_by(WIDER)), (STANDARD, older)):
        fit.require(blueprint, last, loading=False)


@pytest.mark.parametrize(("blueprint", "new"), [(WIDER, "silver.order.mine int"), (MORE, "the table silver.review")])
def test_new_needs_a_load(blueprint: Blueprint, new: str) -> None:
    """A table or a column that is new is taken in by a full load, and refused without one."""
    with pytest.raises(BlueprintChanged, match=f"lacks what is new in the blueprint: {new}\n  try: load everything"):
        fit.require(blueprint, made_by(STANDARD), loading=False)
    fit.require(blueprint, made_by(STANDARD), loading=True)


@pytest.mark.parametrize(("blueprint", "gone"), [(WIDER, "silver.order.mine int"), (MORE, "the table silver.review")])
@pytest.mark.parametrize("loading", [True, False])
def test_nothing_may_go(blueprint: Blueprint, gone: str, *, loading: bool) -> None:
    """A run without the extension that made a table or column would let it rot: refused, load or not."""
    with pytest.raises(BlueprintChanged, match=f"lacks what the lake has: {gone}\n  try: run with the extensions"):
        fit.require(STANDARD, made_by(blueprint), loading=loading)
