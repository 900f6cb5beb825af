"""From the source's columns to the dashboard's figures: which column is computed from which, for a whole blueprint.

Nothing is read and nothing is run: Spark's analysed plans say it of silver and gold, the figures' SQL of themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlglot
from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, LongType, StringType, StructField, StructType, TimestampType
from sqlglot import exp
from sqlglot.lineage import lineage as sql_lineage
from sqlglot.optimizer.qualify import qualify

from lakehouse_core import serve, silver
from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Contract
from lakehouse_core.contracts.envelope import BUSINESS_TIME, OLD_KEY, OP, POSITION, UNSENT
from lakehouse_core.intake import VERSIONS
from lakehouse_local.dashboard.figures import PAGES
from lakehouse_local.lineage.plans import Origin, Origins, origins, stand_in

SOURCE, SILVER, GOLD, DASHBOARD = "source", "silver", "gold", "dashboard"
_ENVELOPE = (
    StructField(OP, StringType()),
    StructField(POSITION, StringType()),
    StructField(BUSINESS_TIME, TimestampType()),
    StructField(UNSENT, ArrayType(StringType())),
    StructField(OLD_KEY, LongType()),
)
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""The shape of a plan does not depend on it."""


@dataclass(frozen=True, order=True)
class Column:
    """``dataset`` is ``<layer>.<name>``: source.core_order, silver.orders, gold.revenue_daily, dashboard.plans."""

    dataset: str
    name: str

    def __str__(self) -> str:
        return f"{self.dataset}.{self.name}"


@dataclass(frozen=True)
class Lineage:
    """``columns``: what each column is computed from, one step back. ``rows``: what decides a dataset's rows, one step back.

    ``people`` are the columns that name a person or are computed from one that does.
    """

    columns: Mapping[Column, frozenset[Column]]
    rows: Mapping[str, frozenset[Column]]
    people: frozenset[Column]
    _followers: Mapping[Column, frozenset[Column]] = field(repr=False)

    def before(self, column: Column) -> frozenset[Column]:
        """What it is computed from, one step back."""
        return self.columns.get(column, frozenset())

    def after(self, column: Column) -> frozenset[Column]:
        """What is computed from it, one step on."""
        return self._followers.get(column, frozenset())

    def sources(self, column: Column) -> frozenset[Column]:
        """The columns of the source that it comes from."""
        return frozenset(each for each in _reached({column}, self.columns) if each.dataset.startswith(f"{SOURCE}."))


def of(spark: SparkSession, blueprint: Blueprint) -> Lineage:
    """The lineage of a blueprint; PlanUnreadable where a silver function or a mart does what cannot be followed."""
    columns: dict[Column, frozenset[Column]] = {}
    rows: dict[str, frozenset[Column]] = {}
    schemas: dict[str, StructType] = {}
    people: set[Column] = set()
    for contract in blueprint.contracts.values():
        people |= {Column(_source(contract), column.name) for column in contract.columns if column.pii}
        for name, found, schema in _silver(spark, blueprint, contract):
            _take(columns, rows, name, found)
            schemas[name] = schema
    for mart in blueprint.marts:
        frames = {name: stand_in(spark, f"{SILVER}.{name}", schemas[f"{SILVER}.{name}"]) for name in mart.inputs}
        built = mart.build(**frames, as_of=_ANY_DAY)
        name = f"{GOLD}.{mart.name}"
        _take(columns, rows, name, origins(built))
        schemas[name] = built.schema
    columns |= dict(_figures(schemas))
    followers: dict[Column, set[Column]] = {}
    for column, sources in columns.items():
        for each in sources:
            followers.setdefault(each, set()).add(column)
    known = {column: frozenset(after) for column, after in followers.items()}
    return Lineage(columns, rows, _reached(people, known), known)


def _silver(spark: SparkSession, blueprint: Blueprint, contract: Contract) -> Iterator[tuple[str, Origins, StructType]]:
    """The base table, the reader's view, the history."""
    source = stand_in(spark, _source(contract), contract.spark_schema)
    base = blueprint.clean[contract.entity](source)
    if contract.entity == "event":
        base = silver.event.sessions(base)
    yield f"{SILVER}.{contract.entity}", origins(base), base.schema
    stored = stand_in(spark, f"{SILVER}.{contract.entity}", StructType([*base.schema.fields, *_ENVELOPE]))
    view = serve.reader(stored, contract, _ANY_DAY)
    yield f"{SILVER}.{contract.view}", origins(view), view.schema
    versions = StructType([*contract.spark_schema.fields, *_ENVELOPE])
    copied = {name: frozenset({(_source(contract), name)}) for name in contract.column_names}
    yield f"{SILVER}.{contract.entity}{VERSIONS}", Origins(copied, frozenset()), versions


def _figures(schemas: Mapping[str, StructType]) -> Iterator[tuple[Column, frozenset[Column]]]:
    """What the columns of the dashboard's figures are computed from."""
    tables: dict[str, Any] = {}
    for dataset, schema in schemas.items():
        layer, _, name = dataset.partition(".")
        tables.setdefault(layer, {})[name] = {each.name: "varchar" for each in schema}  # only names count
    for figure in (figure for page in PAGES for figure in page.figures):
        query = qualify(sqlglot.parse_one(figure.sql, read="duckdb"), schema=tables, dialect="duckdb")
        for name in query.named_selects:  # type: ignore[attr-defined]
            found = set()
            for node in sql_lineage(name, query, schema=tables, dialect="duckdb").walk():
                table = node.expression.find(exp.Table) if not node.downstream else None
                if table is not None and table.db:
                    found.add(Column(f"{table.db}.{table.name}", node.name.rpartition(".")[2].strip('"')))
            yield Column(f"{DASHBOARD}.{figure.name}", name), frozenset(found)


def _take(
    columns: dict[Column, frozenset[Column]], rows: dict[str, frozenset[Column]], dataset: str, found: Origins
) -> None:
    columns |= {Column(dataset, name): _columns(sources) for name, sources in found.columns.items()}
    rows[dataset] = _columns(found.rows)


def _columns(sources: frozenset[Origin]) -> frozenset[Column]:
    """As columns of the graph; what the envelope holds is no column of the source."""
    own = {each.name for each in _ENVELOPE}
    return frozenset(Column(dataset, name) for dataset, name in sources if name not in own)


def _reached(start: set[Column], steps: Mapping[Column, frozenset[Column]]) -> frozenset[Column]:
    """Those columns and all that the steps lead to from them."""
    reached, waiting = set(start), list(start)
    while waiting:
        new = steps.get(waiting.pop(), frozenset()) - reached
        reached |= new
        waiting += new
    return frozenset(reached)


def _source(contract: Contract) -> str:
    return f"{SOURCE}.{contract.table}"
