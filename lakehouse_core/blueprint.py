"""What a lakehouse consists of, as one value: its contracts, how silver cleans each table, its marts.

:data:`STANDARD` is the lakehouse of this library. Your own is made from it by functions of one shape, blueprint in,
blueprint out, which the setting ``LAKEHOUSE_EXTENSIONS`` names:

    def extend(blueprint: Blueprint) -> Blueprint:
        return blueprint.with_mart(MART)
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import TypeVar

from pyspark.sql import DataFrame

from lakehouse_core.contracts import CONTRACTS, Contract, Derived, Reference, Rule, Unique
from lakehouse_core.errors import BlueprintInvalid, ContractBroken, UnknownEntity
from lakehouse_core.gold import MARTS, Mart
from lakehouse_core.silver import CLEAN
from lakehouse_core.silver.steps import Step, conforms, run

_VERSIONS = "_version"

T = TypeVar("T")


@dataclass(frozen=True)
class Blueprint:
    """Contracts and silver functions by entity, and the marts; every method returns a new blueprint.

    Raises:
        BlueprintInvalid: names clash, or a rule, a mart or a contract asks for something that is not there; all
            problems are listed.
    """

    contracts: Mapping[str, Contract]
    clean: Mapping[str, Step]
    marts: tuple[Mart, ...]

    def __post_init__(self) -> None:
        """Refuse what could only fail later, in the middle of a run."""
        if problems := [*self._clashes(), *self._contract_problems(), *self._mart_problems()]:
            raise BlueprintInvalid("; ".join(problems), hint="mend the extension that adds it")

    def contract(self, name: str) -> Contract:
        """The contract of an entity, or of its source table or view; UnknownEntity says what there is."""
        for candidate in self.contracts.values():
            if name in (candidate.entity, candidate.table, candidate.view):
                return candidate
        raise UnknownEntity(
            f"no contract is called {name!r}; there are {', '.join(self.contracts)}",
            hint="use the entity's, the source table's or the view's name",
        )

    def with_table(self, contract: Contract, *steps: Step) -> "Blueprint":
        """One more source table, taken through bronze and cdc into silver.

        Args:
            contract: what the table promises; its key is a bigint column called ``id``.
            steps: what silver does to its rows; together they add the contract's derived columns and nothing else.
        """
        clean = _adding(contract, lambda frame: run(frame, steps), contract.derived)
        return replace(
            self,
            contracts=_plus(self.contracts, contract.entity, contract),
            clean=_plus(self.clean, contract.entity, lambda frame: run(frame, (conforms(contract), clean))),
        )

    def with_columns(self, entity: str, step: Step, *derived: Derived) -> "Blueprint":
        """More derived columns on a silver table.

        Args:
            entity: the table.
            step: adds the columns, each from its row alone: a run sees the changed rows, not the table.
            derived: what the step adds.
        """
        contract = self.contract(entity)
        before, after = self.clean[contract.entity], _adding(contract, step, derived)
        return replace(
            self,
            contracts={**self.contracts, contract.entity: replace(contract, derived=(*contract.derived, *derived))},
            clean={**self.clean, contract.entity: lambda frame: after(before(frame))},
        )

    def with_rules(self, entity: str, *rules: Rule) -> "Blueprint":
        """More quality rules on a silver table."""
        contract = self.contract(entity)
        return replace(
            self,
            contracts={**self.contracts, contract.entity: replace(contract, rules=(*contract.rules, *rules))},
        )

    def with_mart(self, mart: Mart) -> "Blueprint":
        """One more gold table."""
        return replace(self, marts=(*self.marts, replace(mart, build=_promised(mart))))

    def _clashes(self) -> Iterator[str]:
        contracts = self.contracts.values()
        names = [name for c in contracts for name in {c.entity, c.view, f"{c.entity}{_VERSIONS}"}]
        yield from _twice("silver table", names)
        yield from _twice("source table", (f"{c.schema}.{c.table}" for c in contracts))
        yield from _twice("rule", (rule.id for c in contracts for rule in c.rules))
        yield from _twice("mart", (mart.name for mart in self.marts))

    def _contract_problems(self) -> Iterator[str]:
        for contract in self.contracts.values():
            columns = contract.silver_names
            yield from _twice(f"column of {contract.entity}", columns)
            for column in contract.columns:
                if not column.is_known:
                    yield f"{contract.entity}.{column.name} has the type {column.source_type!r}, which no contract can hold"
            if contract.key != "id" or ("id", "bigint") not in ((c.name, c.source_type) for c in contract.columns):
                yield f"the key of {contract.entity} must be a bigint column called id"
            for rule in contract.rules:
                yield from self._rule_problems(rule, columns)

    def _rule_problems(self, rule: Rule, columns: Sequence[str]) -> Iterator[str]:
        check = rule.check
        used = check.columns if isinstance(check, Unique) else (check.column,) if isinstance(check, Reference) else ()
        for name in used:
            if name not in columns:
                yield f"rule {rule.id} names the column {name!r}, which is not there"
        if isinstance(check, Reference) and check.entity not in self.contracts:
            yield f"rule {rule.id} refers to the entity {check.entity!r}; there are {', '.join(self.contracts)}"

    def _mart_problems(self) -> Iterator[str]:
        frames = {c.view for c in self.contracts.values()} | {f"{entity}{_VERSIONS}" for entity in self.contracts}
        for mart in self.marts:
            for name in mart.inputs:
                if name not in frames:
                    yield f"mart {mart.name} needs the frame {name!r}; there are {', '.join(sorted(frames))}"
            columns = {*mart.key, *(measure.column for measure in mart.measures)}
            if mart.cluster_by is not None and mart.cluster_by not in columns:
                yield f"mart {mart.name} is clustered by {mart.cluster_by!r}, which is no column of it"
            if mart.slices is not None:
                for name in set(mart.slices.by) - columns:
                    yield f"mart {mart.name} is cut by {name!r}, which is no column of it"
                for name in set(mart.inputs) - mart.slices.touched.keys():
                    yield f"mart {mart.name} does not say which of its slices a change of {name!r} touches"


def _plus(known: Mapping[str, T], name: str, value: T) -> Mapping[str, T]:
    if name in known:
        raise BlueprintInvalid(f"there is an entity {name!r} already", hint="with_columns and with_rules add to it")
    return {**known, name: value}


def _twice(what: str, names: Iterable[str]) -> list[str]:
    return [
        f"two are called {name!r}: each {what} needs a name of its own" for name, n in Counter(names).items() if n > 1
    ]


def _adding(contract: Contract, step: Step, derived: tuple[Derived, ...]) -> Step:
    """The step, held to its promise: these columns more, everything else as it was."""
    for each in derived:
        if not each.of_row:
            raise BlueprintInvalid(
                f"{contract.entity}.{each.name} follows from other rows too: a run sees the changed rows only",
                hint="compute it in a mart",
            )

    def checked(frame: DataFrame) -> DataFrame:
        done = step(frame)
        promised = {**dict(frame.dtypes), **{each.name: each.type for each in derived}}
        _require(f"silver's step for {contract.entity}", promised, dict(done.dtypes))
        return done

    return checked


def _promised(mart: Mart) -> Callable[..., DataFrame]:
    """The mart's function, held to its promise: its key and its measures, no more and no less."""

    @wraps(mart.build)
    def build(**inputs: object) -> DataFrame:
        frame = mart.build(**inputs)
        promised = [*mart.key, *(measure.column for measure in mart.measures)]
        _require(f"mart {mart.name}", dict.fromkeys(promised, "a column"), dict.fromkeys(frame.columns, "a column"))
        return frame

    return build


def _require(what: str, promised: Mapping[str, str], given: Mapping[str, str]) -> None:
    wrong = [
        f"{name}: promised {promised.get(name, 'no such column')}, made {given.get(name, 'no such column')}"
        for name in [*promised, *(name for name in given if name not in promised)]
        if promised.get(name) != given.get(name)
    ]
    if wrong:
        raise ContractBroken(f"{what} does not make what it says: {'; '.join(wrong)}", hint="mend the step or its list")


STANDARD = Blueprint(contracts=CONTRACTS, clean=CLEAN, marts=MARTS)
"""The lakehouse of this library: eight tables; nine marts, four dimensions and four facts."""

__all__ = ["STANDARD", "Blueprint"]
