"""What kind of statement a text is, and its parts. Text that is no statement is refused here, before it is started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from lakehouse_local.engines.athena import ddl_parser, parsing
from lakehouse_local.engines.athena.ddl import Ddl
from lakehouse_local.engines.athena.errors import SyntaxInvalid, not_supported
from lakehouse_local.engines.athena.sandbox.sql import literal

StatementType = Literal["DDL", "DML", "UTILITY"]
Name = tuple[str, str]
"""Database (empty: the context's) and name, in lower case."""


@dataclass(frozen=True)
class Select:
    """A query."""

    tree: exp.Query
    type: StatementType = "DML"
    substatement: str = "SELECT"


@dataclass(frozen=True)
class Insert:
    """INSERT INTO a table; ``columns`` are those that the text names."""

    target: Name
    columns: tuple[str, ...]
    tree: exp.Query
    type: StatementType = "DML"
    substatement: str = "INSERT"


@dataclass(frozen=True)
class Unload:
    """UNLOAD (query) TO location WITH (properties)."""

    tree: exp.Query
    location: str
    properties: Mapping[str, object]
    type: StatementType = "DML"
    substatement: str = "UNLOAD"


@dataclass(frozen=True)
class CreateTableAs:
    """CREATE TABLE ... AS query."""

    target: Name
    if_not_exists: bool
    properties: Mapping[str, object]
    tree: exp.Query
    with_data: bool = True
    type: StatementType = "DDL"
    substatement: str = "CREATE_TABLE_AS_SELECT"


@dataclass(frozen=True)
class CreateView:
    """CREATE [OR REPLACE] VIEW; ``sql`` is the query as it was written."""

    target: Name
    replace: bool
    sql: str
    tree: exp.Query
    type: StatementType = "DDL"
    substatement: str = "CREATE_VIEW"


@dataclass(frozen=True)
class Explain:
    """EXPLAIN of a query."""

    tree: exp.Query
    type: StatementType = "UTILITY"
    substatement: str = "EXPLAIN"


@dataclass(frozen=True)
class Prepare:
    """PREPARE name FROM statement."""

    name: str
    sql: str
    type: StatementType = "UTILITY"
    substatement: str = "PREPARE"


@dataclass(frozen=True)
class Execute:
    """EXECUTE name [USING values]; each value is SQL."""

    name: str
    values: tuple[str, ...]
    type: StatementType = "DML"
    substatement: str = "EXECUTE"


@dataclass(frozen=True)
class Deallocate:
    """DEALLOCATE PREPARE name."""

    name: str
    type: StatementType = "UTILITY"
    substatement: str = "DEALLOCATE"


@dataclass(frozen=True)
class Change:
    """UPDATE, DELETE, MERGE, OPTIMIZE, VACUUM: what only Iceberg tables have."""

    verb: str
    type: StatementType = "DML"
    substatement: str = field(default="")


@dataclass(frozen=True)
class Definition:
    """A statement of Hive's DDL."""

    ddl: Ddl
    substatement: str
    type: StatementType = "DDL"


Statement = (
    Select
    | Insert
    | Unload
    | CreateTableAs
    | CreateView
    | Explain
    | Prepare
    | Execute
    | Deallocate
    | Change
    | Definition
)
_QUERIES = {"SELECT", "WITH", "VALUES", "TABLE", "("}
_ICEBERG = {"UPDATE", "DELETE", "MERGE", "OPTIMIZE", "VACUUM"}


def parse(sql: str) -> Statement:  # noqa: C901, PLR0911 - one branch for each kind of statement
    """The statement; SyntaxInvalid if the text is none."""
    words = ddl_parser.words(sql, 4)
    first = words[0] if words else ""
    if first in {"SHOW", "DESCRIBE", "DESC", "MSCK", "ALTER", "DROP"} or (
        first == "CREATE" and not _is_query_definition(sql, words)
    ):
        ddl = ddl_parser.parse(sql)
        return Definition(ddl, ddl.substatement)
    found = parsing.tokens(sql)
    if first in _QUERIES:
        return Select(parsing.parsed(found, sql))
    text = _Text(sql, found)
    if first == "INSERT":
        return _insert(text)
    if first == "UNLOAD":
        return _unload(text)
    if first == "CREATE":
        return _create(text)
    if first == "EXPLAIN":
        return Explain(_explained(text))
    if first == "PREPARE":
        text.take("PREPARE")
        name = text.name_part()
        text.take("FROM")
        inner = text.rest()
        parse(inner.replace("?", "null"))
        return Prepare(name, inner)
    if first == "EXECUTE":
        return _execute(text)
    if first == "DEALLOCATE":
        if not text.accept("DEALLOCATE PREPARE"):  # one token of sqlglot's, where one blank is between
            text.take("DEALLOCATE", "PREPARE")
        return Deallocate(text.name_part())
    if first in _ICEBERG:
        return Change(first, substatement=first)
    raise parsing.mismatched(found, found[0])


def _is_query_definition(sql: str, words: Sequence[str]) -> bool:
    """Whether a CREATE is Trino's (a view, a table from a query) rather than Hive's."""
    if "VIEW" in words[1:4]:
        return True
    return words[1:2] == ["TABLE"] and ddl_parser.is_table_as(sql)


class _Text:
    """A statement's tokens and a place among them."""

    def __init__(self, sql: str, found: Sequence[Token]) -> None:
        self.sql = sql
        self.found = list(found)
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.found[at].text.upper() if at < len(self.found) else ""

    def accept(self, *words: str) -> bool:
        here = [token.text.upper() for token in self.found[self.at : self.at + len(words)]]
        if here != list(words):
            return False
        self.at += len(words)
        return True

    def take(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.wrong()

    def wrong(self) -> SyntaxInvalid:
        return parsing.mismatched(self.found, self.found[self.at] if self.at < len(self.found) else None)

    def name_part(self) -> str:
        if self.at >= len(self.found) or self.found[self.at].token_type in {
            TokenType.STRING,
            TokenType.NUMBER,
            TokenType.L_PAREN,
        }:
            raise self.wrong()
        self.at += 1
        return self.found[self.at - 1].text.lower()

    def name(self) -> Name:
        parts = [self.name_part()]
        while self.accept("."):
            parts.append(self.name_part())
        return (parts[-2] if len(parts) > 1 else "", parts[-1])

    def closing(self) -> int:
        """Where the parenthesis that opens here closes."""
        depth = 0
        for number in range(self.at, len(self.found)):
            kind = self.found[number].token_type
            depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
            if depth == 0:
                return number
        raise parsing.mismatched(self.found, None)

    def query(self, end: int | None = None) -> exp.Query:
        part = self.found[self.at : end]
        if not part:
            raise self.wrong()
        return parsing.parsed(part, self.sql)

    def rest(self, end: int | None = None) -> str:
        part = self.found[self.at : end]
        if not part:
            raise self.wrong()
        return self.sql[part[0].start : part[-1].end + 1]

    def properties(self) -> dict[str, object]:
        """``(name = value, ...)``: strings, numbers, booleans, arrays of strings."""
        self.take("(")
        found: dict[str, object] = {}
        while True:
            name = self.name_part()
            self.take("=")
            found[name] = self._value()
            if not self.accept(","):
                break
        self.take(")")
        return found

    def _value(self) -> object:
        if self.accept("ARRAY", "["):
            items = []
            while not self.accept("]"):
                items.append(self._value())
                self.accept(",")
            return items
        if self.at >= len(self.found):
            raise self.wrong()
        token = self.found[self.at]
        self.at += 1
        if token.token_type is TokenType.STRING:
            return token.text
        if token.token_type is TokenType.NUMBER:
            return int(token.text) if token.text.isdigit() else float(token.text)
        if token.text.lower() in {"true", "false"}:
            return token.text.lower() == "true"
        self.at -= 1
        raise self.wrong()


def _insert(text: _Text) -> Insert:
    text.take("INSERT", "INTO")
    target = text.name()
    columns: list[str] = []
    if text.peek() == "(" and text.peek(1) not in _QUERIES:
        end = text.closing()
        columns = [
            token.text.lower() for token in text.found[text.at + 1 : end] if token.token_type is not TokenType.COMMA
        ]
        text.at = end + 1
    return Insert(target, tuple(columns), text.query())


def _unload(text: _Text) -> Unload:
    text.take("UNLOAD")
    if text.peek() != "(":
        raise text.wrong()
    end = text.closing()
    text.at += 1
    tree = text.query(end)
    text.at = end + 1
    text.take("TO")
    token = text.found[text.at] if text.at < len(text.found) else None
    if token is None or token.token_type is not TokenType.STRING:
        raise text.wrong()
    text.at += 1
    properties = text.properties() if text.accept("WITH") else {}
    if text.at < len(text.found):
        raise text.wrong()
    return Unload(tree, token.text, properties)


def _create(text: _Text) -> CreateTableAs | CreateView:
    text.take("CREATE")
    replace = text.accept("OR", "REPLACE")
    if text.accept("VIEW"):
        target = text.name()
        text.take("AS")
        return CreateView(target, replace, text.rest(), text.query())
    text.take("TABLE")
    if_not_exists = text.accept("IF", "NOT", "EXISTS")
    target = text.name()
    properties = text.properties() if text.accept("WITH") else {}
    text.take("AS")
    end: int | None = len(text.found)
    tail = [token.text.upper() for token in text.found[-3:]]
    with_data = True
    if tail[-2:] == ["WITH", "DATA"]:
        end = -2
    elif tail == ["WITH", "NO", "DATA"]:
        end, with_data = -3, False
    return CreateTableAs(target, if_not_exists, properties, text.query(end), with_data)


def _explained(text: _Text) -> exp.Query:
    text.take("EXPLAIN")
    if text.peek() in {"ANALYZE", "("} and not (text.peek() == "(" and text.peek(1) in _QUERIES):
        raise SyntaxInvalid(
            "EXPLAIN ANALYZE and options of EXPLAIN are not answered by this endpoint yet", "EXPLAIN SELECT ..."
        )
    return text.query()


def _execute(text: _Text) -> Execute:
    text.take("EXECUTE")
    name = text.name_part()
    values: list[str] = []
    if text.accept("USING"):
        depth, start = 0, text.at
        for number in range(text.at, len(text.found) + 1):
            token = text.found[number] if number < len(text.found) else None
            if token is None or (token.token_type is TokenType.COMMA and depth == 0):
                part = text.found[start:number]
                if not part:
                    raise text.wrong()
                values.append(text.sql[part[0].start : part[-1].end + 1])
                start = number + 1
            elif token.text in "([":
                depth += 1
            elif token.text in ")]":
                depth -= 1
        text.at = len(text.found)
    if text.at < len(text.found):
        raise text.wrong()
    return Execute(name, tuple(values))


def substituted(sql: str, values: Sequence[str]) -> str:
    """The text with values for ``?``, by position; SyntaxInvalid if there are more or fewer of them.

    A value is SQL; what is none, such as a bare word, is a string.
    """
    holes = [token for token in parsing.tokens(sql) if token.token_type is TokenType.PLACEHOLDER]
    if len(holes) != len(values):
        raise SyntaxInvalid(
            f"SYNTAX_ERROR: Incorrect number of parameters: expected {len(holes)} but found {len(values)}"
        )
    out, start = [], 0
    for hole, value in zip(holes, values, strict=True):
        out += [sql[start : hole.start], _as_sql(value)]
        start = hole.end + 1
    return "".join([*out, sql[start:]])


def _as_sql(value: str) -> str:
    """A parameter as one SQL expression that names nothing."""
    try:
        tree = parsing.query(f"SELECT {value}")
    except SyntaxInvalid:
        tree = None
    if isinstance(tree, exp.Select) and len(tree.expressions) == 1 and not tree.args.get("from_"):
        names = exp.Column | exp.Table | exp.Alias | exp.Star | exp.Subquery
        if not any(isinstance(node, names) for node in tree.expressions[0].walk()) and not tree.args.get("where"):
            return value
    return literal(value)


def only_iceberg(statement: Change) -> Exception:
    """Why a change of rows is refused."""
    return not_supported(
        f"Modifying Hive table rows is only supported for transactional tables: {statement.verb} is for Iceberg tables",
        "write the changed rows by INSERT INTO or CREATE TABLE AS",
    )
