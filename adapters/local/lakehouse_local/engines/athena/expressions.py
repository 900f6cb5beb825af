"""Expressions: which may stand in a query, and what each is in DuckDB."""

import re
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from lakehouse_local.engines.athena import decimals
from lakehouse_local.engines.athena.dialect import Call, TypedLiteral
from lakehouse_local.engines.athena.errors import Kind, QueryFailed, at, not_supported
from lakehouse_local.engines.athena.formats import UnknownFormat, joda, mysql
from lakehouse_local.engines.athena.functions import FUNCTIONS, Function
from lakehouse_local.engines.athena.sandbox.macros import MACROS, OVERLOADED
from lakehouse_local.engines.athena.sandbox.sql import literal, quoted

_ALLOWED = {
    "Select", "Union", "Except", "Intersect", "Subquery", "With", "CTE", "From", "Join", "Where", "Group", "Rollup", "Cube",
    "GroupingSets", "Having", "Order", "Ordered", "Limit", "Offset", "Fetch", "LimitOptions", "Distinct", "Table",
    "TableAlias", "Alias", "Column", "Identifier", "Star", "Literal", "HexString", "Boolean", "Null", "Cast", "TryCast",
    "DataType", "DataTypeParam", "ColumnDef", "Case", "If", "And", "Or", "Not", "Paren", "Tuple", "EQ", "NEQ", "GT", "GTE",
    "LT", "LTE", "In", "Between", "Like", "Escape", "Is", "NullSafeEQ", "NullSafeNEQ", "Exists", "Any", "All", "Add", "Sub",
    "Mul", "Div", "Mod", "Neg", "DPipe", "Bracket", "Dot", "Array", "Lambda", "Anonymous", "Window", "WindowSpec",
    "WithinGroup", "Filter", "IgnoreNulls", "RespectNulls", "Interval", "Var", "AtTimeZone", "Extract", "Trim", "Substring",
    "StrPosition", "Values", "Unnest", "TableSample", "CurrentDate", "CurrentTimestamp", "CurrentTime", "Localtime",
    "Localtimestamp", "GroupConcat", "TypedLiteral", "Call", "Kwarg", "Slice", "CurrentUser", "Version",
}  # fmt: skip
_WALL_CLOCK_TYPES = {exp.DType.TIMESTAMP, exp.DType.DATE, exp.DType.TIME}
_WALL_CLOCK = {
    "date", "year", "month", "day", "hour", "minute", "second", "quarter", "week", "day_of_week", "dow", "day_of_year", "doy",
    "day_of_month", "date_format", "format_datetime",
}  # fmt: skip
_CASTS = {
    exp.DType.TINYINT: "tinyint",
    exp.DType.SMALLINT: "smallint",
    exp.DType.INT: "integer",
    exp.DType.BIGINT: "bigint",
    exp.DType.DOUBLE: "double",
    exp.DType.FLOAT: "real",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamptz",
    exp.DType.TIME: "time",
    exp.DType.JSON: "json",
}
_TEXTS = {exp.DType.VARCHAR, exp.DType.CHAR, exp.DType.TEXT}
_OTHER_TYPES = {
    exp.DType.DECIMAL,
    exp.DType.VARBINARY,
    exp.DType.ARRAY,
    exp.DType.MAP,
    exp.DType.STRUCT,
    exp.DType.UUID,
}
_INTERVALS = {"second", "minute", "hour", "day", "week", "month", "year"}
_FIELDS = {"dow": "day_of_week", "doy": "day_of_year", "yow": "year_of_week", "day_of_month": "day"}
_ZONE = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*([+-]\d{2}:\d{2}|[A-Za-z_]+(?:/[A-Za-z_]+)*)$")
_HOLE = re.compile(r"\{(\d+):(mysql|joda)\}")
_TRY = "try({0})"
_OF_GROUP = "of_group"
_PLACE = re.compile(r"(?<!\{)\{(\d+)\}(?!\})")
_USED = re.compile(r"\btrino_\w+")
_RANDOM = {"rand", "random", "uuid", "now"}


def call(template: str, *arguments: exp.Expr) -> Call:
    """DuckDB's SQL with holes."""
    return Call(this=template, expressions=list(arguments))


def verbatim(text: str) -> str:
    """SQL that stands in a template as it is: its braces are no holes."""
    return text.replace("{", "{{").replace("}", "}}")


def position(node: exp.Expr) -> tuple[int, int] | None:
    """Line and column of the first name in its text, from 1."""
    known = (each.meta for each in (node, *node.find_all(exp.Identifier)) if "line" in each.meta)
    places = ((int(meta["line"]), int(meta["col"]) - (int(meta["end"]) - int(meta["start"]))) for meta in known)
    return min(places, default=None)


def allowed(node: exp.Expression) -> None:
    """NOT_SUPPORTED for a construct that only other dialects, or no reader here, have."""
    name = type(node).__name__
    if name not in _ALLOWED:
        raise not_supported(f"{at(position(node))}{name} is not supported by this endpoint")
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        raise not_supported("DISTINCT ON")
    if isinstance(node, exp.Star) and any(node.args.values()):
        raise not_supported("* with EXCEPT or REPLACE")
    if isinstance(node, exp.Join) and node.args.get("kind") in {"SEMI", "ANTI"}:
        raise not_supported("SEMI and ANTI joins", "WHERE EXISTS (...)")
    if isinstance(node, exp.Select) and any(
        node.args.get(key) for key in ("into", "hint", "qualify", "laterals", "pivots")
    ):
        raise not_supported("this form of SELECT")


class Rewriter:
    """Rewrites one tree in place, what is inside first; remembers the macros that it called."""

    def __init__(self, numbers: Mapping[str, decimals.Number]) -> None:
        self._numbers = numbers
        self._exact: dict[int, decimals.Number] = {}
        self._over_groups: set[int] = set()
        self._is_over_groups = False
        self.macros: set[str] = set()
        self.deterministic = True

    def rewrite(self, tree: exp.Query) -> exp.Query:
        """The same query in DuckDB's terms."""
        nodes = [node for node in tree.walk() if isinstance(node, exp.Expression)]
        self._exact = {
            id(node): kind
            for node in nodes
            if (
                isinstance(node, exp.Div | exp.Anonymous | exp.Filter | exp.Window)
                and (kind := decimals.of(node, self._numbers))
            )
        }
        groups = [node for node in nodes if _is_of_group(node)]
        self._over_groups = {id(above) for node in groups for above in _inside_query(node)}
        of_group = {id(node) for node in groups}
        for node in reversed(nodes):
            self._is_over_groups = id(node) in self._over_groups
            new = self._one(node)
            new.meta[_OF_GROUP] = id(node) in of_group
            if new is not node:
                node.replace(new)
        return tree

    def _call(self, template: str, *arguments: exp.Expression) -> Call:
        used = {name for name in _USED.findall(template) if name in MACROS}
        self.macros |= used
        if self._is_over_groups and used & OVERLOADED:
            return _through_a_list(template, arguments)
        if self._is_over_groups and template == _TRY:
            return _tried_over_groups(*arguments)
        return call(template, *arguments)

    def _one(self, node: exp.Expression) -> exp.Expression:  # noqa: C901, PLR0911, PLR0912
        if isinstance(node, exp.Anonymous):
            return self._function(node)
        if isinstance(node, exp.Cast):  # TryCast as well
            return self._cast(node)
        if isinstance(node, TypedLiteral):
            return self._literal(node)
        if isinstance(node, exp.Literal) and not node.is_string and "." in node.name and "e" not in node.name.lower():
            # A double, as Athena reads it; DuckDB would make a decimal of it.
            return self._call(verbatim(f"{node.name}e0"))
        if isinstance(node, exp.Div):
            exact = self._exact.get(id(node))
            if exact and exact.decimal:
                divided = f"trino_decimal_divide({{0}}, {{1}}, {exact.scale})"
                return self._call(
                    f"cast({divided} as decimal({exact.precision}, {exact.scale}))", node.this, node.expression
                )
            return self._call("trino_divide({0}, {1})", node.this, node.expression)
        if isinstance(node, exp.Mod):
            return self._call("trino_modulo({0}, {1})", node.this, node.expression)
        if isinstance(node, exp.Add | exp.Sub) and any(_is_interval(side) for side in (node.this, node.expression)):
            name = "trino_plus" if isinstance(node, exp.Add) else "trino_minus"
            return self._call(f"{name}({{0}}, {{1}})", node.this, node.expression)
        if isinstance(node, exp.AtTimeZone):
            return self._at_zone(node, node.this, node.args["zone"])
        if isinstance(node, exp.Extract):
            return self._extract(node)
        if isinstance(node, exp.Substring):
            parts = [part for part in (node.this, node.args.get("start"), node.args.get("length")) if part is not None]
            return self._call(f"trino_substr({', '.join(f'{{{n}}}' for n in range(len(parts)))})", *parts)
        if isinstance(node, exp.StrPosition):
            return self._call("trino_strpos({0}, {1})", node.this, node.args["substr"])
        if isinstance(node, exp.HexString):
            return self._call(verbatim(f"unhex({literal(node.name)})"))
        if isinstance(node, exp.Interval):
            return self._interval(node)
        if isinstance(node, exp.Filter | exp.Window) and not isinstance(node.parent, exp.Window):
            return self._average_over(node)
        return self._clock(node)

    def _average_over(self, node: exp.Expression) -> exp.Expression:
        """An average of decimals under FILTER or OVER: the whole is a decimal."""
        exact = self._exact.get(id(node))
        inside = node.this
        while isinstance(inside, exp.Filter):
            inside = inside.this
        if exact and exact.decimal and isinstance(inside, exp.Anonymous) and inside.name == "avg":
            return self._exact_average(node.copy(), exact)
        return node

    def _clock(self, node: exp.Expression) -> exp.Expression:
        names: dict[type[exp.Expression], str] = {
            exp.CurrentDate: "current_date",
            exp.CurrentTimestamp: "now",
            exp.Localtimestamp: "localtimestamp",
            exp.Localtime: "localtime",
        }
        name = names.get(type(node))
        if name is None:
            return node
        self.deterministic = False
        return self._call(f"trino_{name}()")

    def _interval(self, node: exp.Interval) -> exp.Expression:
        unit = node.args.get("unit")
        if not isinstance(unit, exp.Var) or not isinstance(node.this, exp.Literal):
            raise not_supported("this form of INTERVAL", "INTERVAL '1' DAY")
        name = unit.name.lower()
        if name.rstrip("s") not in _INTERVALS or not re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", node.this.name):
            raise not_supported(f"INTERVAL '{node.this.name}' {unit.name}", "INTERVAL '1' DAY")
        return self._call(f"interval {literal(node.this.name)} {name.rstrip('s')}")

    def _extract(self, node: exp.Extract) -> exp.Expression:
        unit = node.name.lower()
        unit = _FIELDS.get(unit, unit)
        if f"trino_{unit}" not in MACROS:
            raise not_supported(f"{at(position(node))}EXTRACT({node.name.upper()} ...)")
        return self._call(f"trino_{unit}({{0}})", node.expression)

    def _at_zone(self, node: exp.Expression, value: exp.Expression, zone: exp.Expression) -> exp.Expression:
        """DuckDB's values know no zone: what shows wall-clock time gets it, anything else is only possible in UTC."""
        parent = node.parent
        while isinstance(parent, exp.Paren):
            parent = parent.parent
        cast = isinstance(parent, exp.Cast) and parent.to.this in _WALL_CLOCK_TYPES
        shows = isinstance(parent, exp.Anonymous) and parent.name.lower() in _WALL_CLOCK
        if cast or shows or isinstance(parent, exp.Extract):
            return self._call("trino_local({0}, {1})", value, zone)
        if isinstance(zone, exp.Literal) and zone.name.upper() in {"UTC", "GMT", "Z", "+00:00"}:
            return self._call("trino_cast_timestamptz({0})", value)
        raise not_supported(
            f"{at(position(node))}values with a time zone other than UTC",
            "cast it: CAST(t AT TIME ZONE 'America/New_York' AS timestamp)",
        )

    def _literal(self, node: TypedLiteral) -> exp.Expression:
        text, kind = node.this.name, node.args["to"].this
        if kind is exp.DType.DECIMAL:
            digits = re.fullmatch(r"\s*[+-]?(\d*)\.?(\d*)\s*", text)
            if digits is None or not digits[1] + digits[2]:
                raise QueryFailed(f"INVALID_LITERAL: '{text}' is not a valid DECIMAL literal")
            precision = max(len(digits[1].lstrip("0")) + len(digits[2]), 1)
            return self._call(f"cast({literal(text)} as decimal({precision}, {len(digits[2])}))")
        zoned = kind is exp.DType.TIMESTAMPTZ or (kind is exp.DType.TIMESTAMP and _ZONE.search(text))
        name = "timestamptz" if zoned else kind.value.lower()
        if kind in {exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIME}:
            return self._call(verbatim(f"{name} {literal(text)}"))
        cast = exp.Cast(this=exp.Literal.string(text), to=node.args["to"])
        return self._cast(cast)

    def _cast(self, node: exp.Cast) -> exp.Expression:
        to = node.to
        kind = to.this
        value = node.this
        tried = isinstance(node, exp.TryCast) or node.find_ancestor(exp.Try) is not None
        if kind in _TEXTS:
            width = _numbers(to)[0] if to.expressions else ""
            new = self._call(f"left(trino_cast_varchar({{0}}), {width})" if width else "trino_cast_varchar({0})", value)
        elif kind in _CASTS:
            if tried and f"trino_try_{_CASTS[kind]}" in MACROS:
                return self._call(f"trino_try_{_CASTS[kind]}({{0}})", value)
            new = self._call(f"trino_cast_{_CASTS[kind]}({{0}})", value)
        elif kind in _OTHER_TYPES:
            new = self._call(f"cast({{0}} as {verbatim(_type(to))})", value)
        else:
            raise not_supported(f"{at(position(node))}Unknown type: {to.sql('trino').lower()}")
        return self._call(_TRY, new) if tried else new

    def _function(self, node: exp.Anonymous) -> exp.Expression:  # noqa: PLR0911 - one branch for each special function
        name = node.name.lower()
        arguments = list(node.expressions)
        if name == "row":
            return self._row(node, arguments)
        if name == "at_timezone" and len(arguments) == 2:
            return self._at_zone(node, *arguments)
        if name in {"greatest", "least"}:  # DuckDB's skip NULL
            missing = " or ".join(f"{{{n}}} is null" for n in range(len(arguments)))
            listed = ", ".join(f"{{{n}}}" for n in range(len(arguments)))
            return self._call(f"case when {missing} then null else {name}({listed}) end", *arguments)
        if name == "reduce" and len(arguments) == 4:
            return self._call("list_transform([list_reduce({0}, {2}, {1})], {3})[1]", *arguments)
        function = FUNCTIONS.get(name)
        if function is None:
            raise QueryFailed(
                f"FUNCTION_NOT_FOUND: {at(position(node))}Function '{name}' not registered",
                Kind.FUNCTION_NOT_FOUND,
                hint="it may be one of Athena's that this endpoint does not have yet",
            )
        self.deterministic &= name not in _RANDOM
        _check_place(node, name, function)
        if function.templates is not None:
            return self._template(node, name, function, arguments)
        if self._is_over_groups and function.call in OVERLOADED:
            return self._call(f"{function.call}({', '.join(f'{{{n}}}' for n in range(len(arguments)))})", *arguments)
        if function.call in MACROS:
            self.macros.add(function.call)
        new = exp.Anonymous(this=function.call, expressions=arguments)
        exact = self._exact.get(id(node))
        if name == "avg" and exact and exact.decimal and not isinstance(node.parent, exp.Filter | exp.Window):
            return self._exact_average(new, exact)
        return new

    def _exact_average(self, average: exp.Expression, exact: decimals.Number) -> exp.Expression:
        return self._call(f"cast(round({{0}}, {exact.scale}) as decimal({exact.precision}, {exact.scale}))", average)

    def _template(
        self, node: exp.Anonymous, name: str, function: Function, arguments: Sequence[exp.Expression]
    ) -> Call:
        template = (function.templates or {}).get(len(arguments))
        if template is None:
            raise QueryFailed(
                f"FUNCTION_NOT_FOUND: {at(position(node))}Unexpected parameters ({len(arguments)} of them) for function {name}",
                Kind.FUNCTION_NOT_FOUND,
            )

        def convert(match: re.Match[str]) -> str:
            value = arguments[int(match[1])]
            if not isinstance(value, exp.Literal) or not value.is_string:
                raise not_supported(f"{at(position(node))}{name} with a format that is no literal")
            try:
                text = {"mysql": mysql, "joda": joda}[match[2]](value.name)
            except UnknownFormat as error:
                raise not_supported(f"{at(position(node))}{name} with the format {error}") from None
            return verbatim(literal(text))

        return self._call(_HOLE.sub(convert, template), *arguments)

    def _row(self, node: exp.Anonymous, arguments: Sequence[exp.Expression]) -> exp.Expression:
        parent = node.parent
        while isinstance(parent, exp.Array | exp.Paren) or (
            isinstance(parent, exp.Anonymous) and parent.name.lower() == "row"
        ):
            parent = parent.parent
        if isinstance(parent, exp.Cast):  # by position
            return self._call(f"row({', '.join(f'{{{n}}}' for n in range(len(arguments)))})", *arguments)
        fields = ", ".join(f"'field{n}': {{{n}}}" for n in range(len(arguments)))
        return self._call(f"{{{{{fields}}}}}", *arguments)


def _is_of_group(node: exp.Expression) -> bool:
    """Whether the value is one of a group or window of rows, or another query's."""
    if isinstance(node, exp.Anonymous):
        function = FUNCTIONS.get(node.name.lower())
        return function is not None and (function.aggregate or function.window)
    wrapped = exp.Window | exp.Filter | exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls
    return isinstance(node, wrapped | exp.GroupConcat | exp.Subquery)


def _inside_query(node: exp.Expression) -> Iterator[exp.Expr]:
    """What the node stands in, up to its query."""
    above = node.parent
    while above is not None and not isinstance(above, exp.Query):
        yield above
        above = above.parent


def _through_a_list(template: str, arguments: Sequence[exp.Expression]) -> Call:
    """The call over the one element of a list.

    DuckDB chooses among a macro's overloads before it knows what type an aggregate has; an element's type it knows.
    """
    held = {n for n, each in enumerate(arguments) if not isinstance(each, exp.Literal)}
    packed = ", ".join(f"'a{n}': {{{n}}}" for n in sorted(held))
    inner = _PLACE.sub(lambda hole: f"v.a{hole[1]}" if int(hole[1]) in held else hole[0], template)
    return call(f"list_transform([{{{{{packed}}}}}], lambda v: {inner})[1]", *arguments)


def _tried_over_groups(value: exp.Expression) -> Call:
    """TRY of an expression over aggregates, which DuckDB's TRY does not take: they come as a list's one element."""
    held: list[exp.Expr] = []

    def taken_out(node: exp.Expr) -> exp.Expr:
        if not node.meta.get(_OF_GROUP):
            return node
        held.append(node.copy())
        return call(f"w.a{len(held) - 1}")

    tried = value.transform(taken_out)
    packed = ", ".join(f"'a{n}': {{{n + 1}}}" for n in range(len(held)))
    return call(f"list_transform([{{{{{packed}}}}}], lambda w: try({{0}}))[1]", tried, *held)


def _is_interval(node: exp.Expression) -> bool:
    inner = node.unnest()
    return isinstance(inner, exp.Interval) or (isinstance(inner, Call) and str(inner.this).startswith("interval "))


def _check_place(node: exp.Anonymous, name: str, function: Function) -> None:
    windowed = isinstance(node.parent, exp.Window | exp.IgnoreNulls | exp.RespectNulls) and node.arg_key == "this"
    if (windowed or isinstance(node.parent, exp.Filter | exp.WithinGroup)) and not (
        function.aggregate or function.window
    ):
        raise QueryFailed(f"FUNCTION_NOT_WINDOW: {at(position(node))}Not a window function: {name}")
    if function.window and not windowed:
        raise QueryFailed(f"MISSING_OVER: {at(position(node))}Window function {name} requires an OVER clause")
    if not function.aggregate and any(isinstance(each, exp.Distinct | exp.Order) for each in node.expressions):
        raise QueryFailed(
            f"FUNCTION_NOT_AGGREGATE: {at(position(node))}DISTINCT and ORDER BY are for aggregates, not {name}"
        )


def _numbers(kind: exp.DataType) -> list[str]:
    """What stands in a type's brackets: whole numbers and nothing else."""
    found = [parameter.name for parameter in kind.expressions]
    if wrong := [each for each in found if not each.isdecimal()]:
        raise not_supported(f"Unknown type: {kind.this.value.lower()}({wrong[0]})")
    return found


def _type(kind: exp.DataType) -> str:  # noqa: PLR0911 - one branch for each kind of type
    """A type in DuckDB's words."""
    if kind.this is exp.DType.DECIMAL:
        numbers = _numbers(kind) or ["38", "0"]
        return f"decimal({', '.join([*numbers, '0'][:2])})"
    if kind.this is exp.DType.ARRAY:
        return f"{_type(kind.expressions[0])}[]"
    if kind.this is exp.DType.MAP:
        return f"map({_type(kind.expressions[0])}, {_type(kind.expressions[1])})"
    if kind.this is exp.DType.STRUCT:
        fields = [
            f"{quoted(each.name)} {_type(each.args['kind'])}"
            if isinstance(each, exp.ColumnDef)
            else f'"field{n}" {_type(each)}'
            for n, each in enumerate(kind.expressions)
        ]
        return f"struct({', '.join(fields)})"
    if kind.this in _TEXTS:
        return "varchar"
    if kind.this is exp.DType.VARBINARY:
        return "blob"
    if kind.this is exp.DType.UUID:
        return "uuid"
    if kind.this not in _CASTS:
        raise not_supported(f"Unknown type: {kind.sql('trino').lower()}")
    return {"real": "float", "timestamptz": "timestamptz"}.get(_CASTS[kind.this], _CASTS[kind.this])
