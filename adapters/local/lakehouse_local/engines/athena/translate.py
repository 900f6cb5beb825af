"""Athena's query to DuckDB's: names resolved in the catalog, functions by the list, meanings kept where they differ."""

import base64
import json
from dataclasses import dataclass, field

from sqlglot import exp

from lakehouse_local.engines.athena import comparisons, decimals, metadata, parsing
from lakehouse_local.engines.athena.dialect import generate
from lakehouse_local.engines.athena.errors import Kind, QueryFailed, at, not_supported
from lakehouse_local.engines.athena.expressions import Rewriter, allowed, call, position, verbatim
from lakehouse_local.engines.athena.model import Catalog, Table
from lakehouse_local.engines.athena.sandbox.sql import quoted

CATALOG = metadata.CATALOG
UNNAMED = "\x02col"
"""What a column without a name is called until its position is known."""
_HIDDEN = {"$path"}
_MAX_VIEW_DEPTH = 32


@dataclass
class Translation:
    """A query in DuckDB's SQL and what it stands on."""

    sql: str = ""
    tables: dict[tuple[str, str], Table] = field(default_factory=dict)
    named: list[Table] = field(default_factory=list)
    """Every table and view that the text and its views name."""
    views: dict[tuple[str, str], str] = field(default_factory=dict)
    """DuckDB's SQL of each view, a view before those that use it."""
    macros: set[str] = field(default_factory=set)
    hidden: bool = False
    """Whether the text asks for ``$path``."""
    deterministic: bool = True
    lengths: dict[str, int] = field(default_factory=dict)
    """The n of each column that is a varchar(n), which DuckDB does not know."""


class Translator:
    """Translates one statement's queries; ``database`` is where unqualified names are looked up."""

    def __init__(self, catalog: Catalog, database: str) -> None:
        self._catalog = catalog
        self._database = database
        self._depth = 0

    def translate(self, tree: exp.Query) -> Translation:
        """QueryFailed for what does not exist or is not supported."""
        result = Translation()
        result.hidden = any(each.name in _HIDDEN for each in tree.find_all(exp.Identifier))
        result.sql = self._query(tree, self._database, result)
        return result

    def _query(self, tree: exp.Query, database: str, result: Translation) -> str:
        for node in tree.walk():
            if isinstance(node, exp.Expression):
                allowed(node)
        stars = self._resolve(tree, database, result)
        types = comparisons.column_types(result.named, tree)
        comparisons.check(tree, types)
        # Views are done by now: what stands last is the whole query's.
        result.lengths = {
            name: kind.arguments[0] for name, kind in types.items() if kind.name == "varchar" and kind.arguments
        }
        numbers = decimals.columns(types)
        _name_columns(tree)
        if result.hidden:
            _hide(stars)
        rewriter = Rewriter(numbers)
        rewritten = rewriter.rewrite(tree)
        result.macros |= rewriter.macros
        result.deterministic &= rewriter.deterministic
        return generate(rewritten)

    def _resolve(self, tree: exp.Query, database: str, result: Translation) -> list[exp.Select]:
        """Give every table that is no CTE its full name, and note what it is."""
        unaliased: set[tuple[str, str]] = set()
        for table in list(tree.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier) or _is_cte(table):
                continue
            if table.args.get("version"):
                raise not_supported(
                    f"{at(position(table))}Table '{table.name}' has no time travel: FOR TIMESTAMP | VERSION AS OF is Iceberg's",
                    "lakehouse query --as-of reads an earlier state of the lake",
                )
            schema = (table.db or database).lower()
            name = table.name.lower()
            if table.catalog and table.catalog.lower() != CATALOG:
                raise QueryFailed(
                    f"CATALOG_NOT_FOUND: {at(position(table))}Catalog '{table.catalog.lower()}' does not exist",
                    Kind.ENTITY_NOT_FOUND,
                )
            written = (schema, name)
            schema = self._use(table, schema, name, result)
            if table.args.get("alias") is None:
                unaliased.add(written)
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
            table.set("db", exp.to_identifier(schema, quoted=True))
            table.set("this", exp.to_identifier(name, quoted=True))
            table.set("catalog", None)
        _shorten(tree, unaliased)
        return list(tree.find_all(exp.Select))

    def _use(self, node: exp.Table, schema: str, name: str, result: Translation) -> str:
        """Note what the name stands for; the schema in which the query finds it."""
        if (schema, name) in result.tables or (schema, name) in result.views:
            return schema
        if (answer := self._answered(schema, name)) is not None:
            # DuckDB has an information_schema of its own; no database's name has a slash.
            result.views[f"metadata/{schema}", name] = answer.sql
            result.deterministic = False
            result.named.append(Table(schema, name, answer.columns))
            return f"metadata/{schema}"
        if schema != metadata.SCHEMA and not self._catalog.has_database(schema):
            raise QueryFailed(
                f"SCHEMA_NOT_FOUND: {at(position(node))}Schema '{schema}' does not exist", Kind.ENTITY_NOT_FOUND
            )
        found = None if schema == metadata.SCHEMA else self._catalog.table(schema, name)
        if found is None:
            raise QueryFailed(
                f"TABLE_NOT_FOUND: {at(position(node))}Table '{CATALOG}.{schema}.{name}' does not exist",
                Kind.TABLE_NOT_FOUND,
            )
        result.named.append(found)
        if found.view is None:
            result.tables[schema, name] = found
            return schema
        if self._depth > _MAX_VIEW_DEPTH:
            raise QueryFailed(f"VIEW_IS_RECURSIVE: View '{CATALOG}.{schema}.{name}' is recursive")
        self._depth += 1
        result.views[schema, name] = self._view(found, result)
        # A view stands after what it stands on.
        result.views[schema, name] = result.views.pop((schema, name))
        self._depth -= 1
        return schema

    def _answered(self, schema: str, name: str) -> metadata.Answer | None:
        """What the catalog itself answers; None for everything else."""
        if schema == metadata.SCHEMA:
            return metadata.information_schema(self._catalog, name, lambda view: view_definition(view)["originalSql"])
        if name.endswith(metadata.PARTITIONS) and self._catalog.has_database(schema):
            owner = self._catalog.table(schema, name.removesuffix(metadata.PARTITIONS))
            if owner is not None and owner.partition_keys:
                return metadata.partitions(self._catalog, owner)
        return None

    def _view(self, view: Table, result: Translation) -> str:
        definition = view_definition(view)
        try:
            body = self._query(
                parsing.query(definition["originalSql"]), str(definition.get("schema") or view.database), result
            )
        except QueryFailed as error:
            raise QueryFailed(
                f"VIEW_IS_STALE: View '{CATALOG}.{view.database}.{view.name}' is stale or in invalid state: {error.message}",
                Kind.USER,
            ) from None
        names = ", ".join(quoted(column.name) for column in view.columns)
        return f"select * from ({body}) as v({names})" if names else body  # noqa: S608


def view_definition(view: Table) -> dict[str, str]:
    """What is inside ``/* Presto View: <base64 of JSON> */``."""
    text = (view.view or "").strip()
    encoded = text.removeprefix("/* Presto View:").removesuffix("*/").strip()
    try:
        found: dict[str, str] = json.loads(base64.b64decode(encoded, validate=True))
    except ValueError:
        raise not_supported(
            f"View '{CATALOG}.{view.database}.{view.name}' is not one of Athena's",
            "CREATE OR REPLACE VIEW it in Athena",
        ) from None
    return found


def _is_cte(table: exp.Table) -> bool:
    """Whether the name is one of a WITH around it."""
    if table.db:
        return False
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_")
        if with_ is not None and any(cte.alias.lower() == table.name.lower() for cte in with_.expressions):
            return True
        node = node.parent
    return False


def _shorten(tree: exp.Query, tables: set[tuple[str, str]]) -> None:
    """``schema.table.column`` becomes ``table.column`` where the table has no alias, which alone is its name then.

    What else has three parts is a field of a row, ``table.column.field``.
    """
    for column in tree.find_all(exp.Column):
        catalog = column.catalog.lower()
        if (column.db.lower(), column.table.lower()) in tables and catalog in {"", CATALOG}:
            column.set("db", None)
            column.set("catalog", None)


def _name_columns(tree: exp.Query) -> None:
    """Unnamed columns become ``_col0`` by position; names without an alias are in lower case."""
    first = tree
    while not isinstance(first, exp.Select):
        inner = first.args.get("this")
        if isinstance(inner, exp.Values) or not isinstance(inner, exp.Query):
            return
        first = inner
    expressions: list[exp.Expr] = []
    for column in first.expressions:
        if isinstance(column, exp.Alias | exp.Star) or (
            isinstance(column, exp.Column) and isinstance(column.this, exp.Star)
        ):
            expressions.append(column)
        elif isinstance(column, exp.Column | exp.Dot):
            name = column.name or UNNAMED
            expressions.append(exp.alias_(column.copy(), name.lower(), quoted=True, copy=False))
        else:
            expressions.append(exp.alias_(column.copy(), UNNAMED, quoted=True, copy=False))
    first.set("expressions", expressions)


def _hide(selects: list[exp.Select]) -> None:
    """``*`` does not show hidden columns."""
    for select in selects:
        for column in list(select.expressions):
            if isinstance(column, exp.Star):
                column.replace(call("columns(lambda c: not starts_with(c, '$'))"))
            elif isinstance(column, exp.Column) and isinstance(column.this, exp.Star):
                sources = [source for source in select.find_all(exp.Table) if source.alias_or_name == column.table]
                if sources and sources[0].db:
                    column.replace(call(verbatim(f'{quoted(column.table)}.* exclude ("$path")')))
