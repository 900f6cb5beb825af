"""Rules as data, checked: one pass over an entity for all its predicates, one for each of its other rules."""

from collections.abc import Iterator, Mapping
from functools import reduce
from types import MappingProxyType

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.contracts import Contract, Predicate, Reference, Rule, Unique
from lakehouse_core.errors import UnknownEntity
from lakehouse_core.quality.report import Report, RuleResult

NO_QUARANTINE: Mapping[str, int] = MappingProxyType({})


def check(
    frames: Mapping[str, DataFrame], contracts: Mapping[str, Contract], quarantined: Mapping[str, int] = NO_QUARANTINE
) -> Report:
    """Count, for every rule of every given entity, the rows looked at and the rows that fail.

    Args:
        frames: current rows by entity (readers' views or clean's output without tombstones), one row per key.
        contracts: the contracts by entity.
        quarantined: rows in open quarantine by entity, for the report.

    Raises:
        UnknownEntity: a frame that no contract knows, or a reference to an entity whose frame is not given.
    """
    failed: dict[str, int] = {}
    checked: dict[str, int] = {}
    for contract, frame in _given(frames, contracts):
        counts = {rule: F.count_if(fails) for rule, fails in _predicates(contract).items()}
        row = frame.agg(F.count("*"), *counts.values()).collect()[0]
        checked[contract.entity] = row[0]
        failed |= dict(zip(counts, row[1:], strict=True))
    across = [found for contract, frame in _given(frames, contracts) for found in _across(contract, frame, frames)]
    if across:
        failed |= {row["rule"]: row["count"] for row in _union(across).groupBy("rule").count().collect()}
    return Report(
        results=tuple(
            RuleResult(
                rule.id, entity, rule.severity, rule.describes, checked=checked[entity], failed=failed.get(rule.id, 0)
            )
            for entity in checked
            for rule in contracts[entity].rules
        ),
        quarantined=MappingProxyType(dict(quarantined)),
    )


def failures(frames: Mapping[str, DataFrame], contracts: Mapping[str, Contract]) -> DataFrame:
    """One row per rule and row that fails it: ``rule``, ``entity``, ``key``; the same arguments and errors as check.

    Raises:
        ValueError: the given entities have no rule at all.
    """
    found = [
        failing
        for contract, frame in _given(frames, contracts)
        for failing in (*_within(contract, frame), *_across(contract, frame, frames))
    ]
    if not found:
        raise ValueError("no rule to check: give frames of entities whose contracts have rules")
    return _union(found)


def _given(frames: Mapping[str, DataFrame], contracts: Mapping[str, Contract]) -> list[tuple[Contract, DataFrame]]:
    """The contracts that have a frame, in the contracts' order."""
    if unknown := sorted(frames.keys() - contracts.keys()):
        raise UnknownEntity(
            f"no contract is called {', '.join(unknown)}; there are {', '.join(contracts)}",
            hint="name frames by entity (order, not orders)",
        )
    return [(contract, frames[entity]) for entity, contract in contracts.items() if entity in frames]


def _within(contract: Contract, frame: DataFrame) -> Iterator[DataFrame]:
    """The failures of all the entity's predicates, found in one pass."""
    if predicates := _predicates(contract):
        failed = F.array_compact(F.array(*(F.when(fails, rule) for rule, fails in predicates.items())))
        yield _failures(contract, frame.withColumn("rule", F.explode(failed)))


def _across(contract: Contract, frame: DataFrame, frames: Mapping[str, DataFrame]) -> Iterator[DataFrame]:
    """The failures of each of the entity's rules that look at more than one row."""
    for rule in contract.rules:
        match rule.check:
            case Unique(columns):
                failing = _repeated(frame.select(contract.key, *columns), columns)
            case Reference(column, entity):
                failing = _orphaned(frame.select(contract.key, column), column, _referenced(rule, entity, frames))
            case _:
                continue
        yield _failures(contract, failing.withColumn("rule", F.lit(rule.id)))


def _failures(contract: Contract, failing: DataFrame) -> DataFrame:
    return failing.select("rule", F.lit(contract.entity).alias("entity"), F.col(contract.key).alias("key"))


def _predicates(contract: Contract) -> dict[str, Column]:
    """Whether a row fails, by rule: a predicate that is NULL fails too."""
    return {
        rule.id: F.expr(f"({rule.check.sql}) is not true")
        for rule in contract.rules
        if isinstance(rule.check, Predicate)
    }


def _referenced(rule: Rule, entity: str, frames: Mapping[str, DataFrame]) -> DataFrame:
    if entity not in frames:
        raise UnknownEntity(
            f"rule {rule.id} needs the frame of {entity!r}; given: {', '.join(frames)}",
            hint=f"pass the current rows of {entity} too",
        )
    return frames[entity]


def _orphaned(frame: DataFrame, column: str, referenced: DataFrame) -> DataFrame:
    """The rows whose column is given, but no key of the other entity (every contract's key is ``id``)."""
    known = referenced.select(F.col("id").alias(column))
    return frame.where(F.col(column).isNotNull()).join(known, column, how="left_anti")


def _repeated(frame: DataFrame, columns: tuple[str, ...]) -> DataFrame:
    """The rows that share all values, none of them NULL, with another row."""
    complete = reduce(lambda left, right: left & right, (F.col(column).isNotNull() for column in columns))
    alike = F.count("*").over(Window.partitionBy(*columns))
    return frame.where(complete).withColumn("alike", alike).where("alike > 1")


def _union(found: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionAll, found)
