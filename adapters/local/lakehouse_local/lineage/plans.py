"""Where each column of a Spark frame comes from, read off its analysed plan: no row is computed.

The plan names every attribute by an id. An alias says from which attributes its own is computed; the leaves are the
frames that were put in, whose columns carry the frame's name in theirs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lakehouse_local.errors import PlanUnreadable

_MARK = "\u241f"
Origin = tuple[str, str]
"""A column of an input: the input's name, the column's."""


@dataclass(frozen=True)
class Origins:
    """Of a frame: by column, the inputs' columns that its values are computed from; and those that decide which rows there are."""

    columns: Mapping[str, frozenset[Origin]]
    rows: frozenset[Origin]


def stand_in(spark: SparkSession, name: str, schema: StructType) -> DataFrame:
    """An empty frame of that schema whose columns can be told in every plan that is built on it."""
    marked = StructType([StructField(f"{name}{_MARK}{field.name}", field.dataType) for field in schema])
    empty = spark.createDataFrame([], marked)
    return empty.select(*(F.col(f"`{name}{_MARK}{field.name}`").alias(field.name) for field in schema))


def origins(frame: DataFrame) -> Origins:
    """Where a frame that was built on stand-ins comes from; PlanUnreadable for what cannot be followed."""
    plan: Any = frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - only the JVM has it
    walk = _Walk()
    walk.visit(plan)
    columns = {str(each.name()): walk.leaves([_id(each)]) for each in _items(plan.output())}
    return Origins(columns, walk.leaves(walk.deciding))


class _Walk:
    """Which attribute is computed from which, over one plan."""

    def __init__(self) -> None:
        self._from: dict[int, set[int]] = {}
        self._leaf: dict[int, Origin] = {}
        # Of a struct that is carried along (the newest of a group, say): what each of its fields is computed from.
        self._fields: dict[int, list[set[int]]] = {}
        self.deciding: set[int] = set()

    def visit(self, plan: Any) -> None:
        """Take in a node and everything below it."""
        kind = str(plan.nodeName())
        if plan.subqueries().nonEmpty():
            raise PlanUnreadable(f"a subquery in {kind}", hint="write it as a join")
        children, output = list(_items(plan.children())), list(_items(plan.output()))
        if not children:
            self._leaves_of(output)
            return
        for child in children:
            self.visit(child)
        for expression in _items(plan.expressions()):
            if str(expression.nodeName()) == "Alias":
                self._alias(expression)
        if kind in _SPECIAL:
            _SPECIAL[kind](self, plan, children, output)
        self._rest(plan, children, output)

    def _leaves_of(self, output: list[Any]) -> None:
        for each in output:
            name, mark, column = str(each.name()).partition(_MARK)
            if mark:
                self._leaf[_id(each)] = (name, column)

    def _rest(self, plan: Any, children: list[Any], output: list[Any]) -> None:
        """What a node gives that nothing has explained: a function over whole groups (pandas) may use all that it is given."""
        below = {_id(each) for child in children for each in _items(child.output())}
        for each in output:
            if _id(each) not in below and _id(each) not in self._from:
                self._from[_id(each)] = set(_references(plan)) or below

    def _alias(self, alias: Any) -> None:
        child, own = alias.child(), _id(alias)
        self._from.setdefault(own, set()).update(self._sources(child))
        if str(child.dataType().typeName()) != "struct":
            return
        if str(child.nodeName()) == "AttributeReference" and _id(child) in self._fields:
            self._fields[own] = self._fields[_id(child)]
            return
        made = [each for each in _nodes(child) if str(each.nodeName()) == "CreateNamedStruct"]
        if len(made) == 1 and made[0].dataType().equals(child.dataType()):
            self._fields[own] = [set(self._sources(each)) for each in _items(made[0].valExprs())]

    def _sources(self, expression: Any) -> Iterator[int]:
        """The attributes that an expression uses; of a struct only the field that it takes."""
        kind = str(expression.nodeName())
        if kind == "AttributeReference":
            yield _id(expression)
            return
        if kind == "GetStructField" and str(expression.child().nodeName()) == "AttributeReference":
            fields = self._fields.get(_id(expression.child()))
            if fields is not None:
                yield from fields[int(expression.ordinal())]
                return
        for child in _items(expression.children()):
            yield from self._sources(child)

    def leaves(self, wanted: Iterable[int]) -> frozenset[Origin]:
        """The inputs' columns that these attributes come from."""
        found: set[Origin] = set()
        seen: set[int] = set()
        waiting = list(wanted)
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            if each in self._leaf:
                found.add(self._leaf[each])
            waiting.extend(self._from.get(each, ()))
        return frozenset(found)

    def positions(self, output: list[Any], rows: Iterable[list[set[int]]]) -> None:
        """Each output column is what stands in its place in each of the rows."""
        for row in rows:
            for each, sources in zip(output, row, strict=True):
                self._from.setdefault(_id(each), set()).update(sources - {_id(each)})

    def union(self, plan: Any, children: list[Any], output: list[Any]) -> None:
        """Columns are matched by place."""
        del plan
        self.positions(output, ([{_id(each)} for each in _items(child.output())] for child in children))

    def expand(self, plan: Any, children: list[Any], output: list[Any]) -> None:
        """Grouping sets: the same columns several times."""
        del children
        self.positions(
            output,
            ([set(_references(each)) for each in _items(projection)] for projection in _items(plan.projections())),
        )

    def generate(self, plan: Any, children: list[Any], output: list[Any]) -> None:
        """Explode and its kin."""
        del children, output
        sources = set(_references(plan.generator()))
        for each in _items(plan.generatorOutput()):
            self._from.setdefault(_id(each), set()).update(sources)
        self.deciding |= sources

    def filtered(self, plan: Any, children: list[Any], output: list[Any]) -> None:
        """Filter, join: the condition decides which rows there are."""
        del children, output
        for expression in _items(plan.expressions()):
            self.deciding.update(_references(expression))

    def grouped(self, plan: Any, children: list[Any], output: list[Any]) -> None:
        """What is grouped by."""
        del children, output
        for expression in _items(plan.groupingExpressions()):
            self.deciding.update(_references(expression))


_Special = Callable[[_Walk, Any, list[Any], list[Any]], None]
_SPECIAL: Mapping[str, _Special] = {
    "Union": _Walk.union,
    "Expand": _Walk.expand,
    "Generate": _Walk.generate,
    "Filter": _Walk.filtered,
    "Join": _Walk.filtered,
    "Aggregate": _Walk.grouped,
}


def _items(sequence: Any) -> Iterator[Any]:
    """A Scala sequence's elements."""
    iterator = sequence.iterator()
    while iterator.hasNext():
        yield iterator.next()


def _nodes(expression: Any) -> Iterator[Any]:
    """An expression and all within it."""
    yield expression
    for child in _items(expression.children()):
        yield from _nodes(child)


def _id(attribute: Any) -> int:
    return int(attribute.exprId().id())


def _references(node: Any) -> Iterator[int]:
    return (_id(each) for each in _items(node.references()))
