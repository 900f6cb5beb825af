"""Hive's DDL: names in backticks, strings in either quotes. What is no statement is refused as Athena words it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse_local.engines.athena import ddl
from lakehouse_local.engines.athena.errors import SyntaxInvalid
from lakehouse_local.engines.athena.hive_types import UnknownType
from lakehouse_local.engines.athena.hive_types import parse as parse_type

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*")
    |(?P<name>`[^`]+`)
    |(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<mark>[(),.;=<>:+\-*/])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "'": "'", '"': '"', "\\": "\\"}
_TEXT = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_JSON_OUTPUT = "org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat"
_PARQUET = (
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
)
FORMATS = {
    "TEXTFILE": (_TEXT, _TEXT_INPUT, _TEXT_OUTPUT),
    "PARQUET": _PARQUET,
    "PARQUETFILE": _PARQUET,
    "JSON": ("org.apache.hive.hcatalog.data.JsonSerDe", _TEXT_INPUT, _TEXT_OUTPUT),
    "ORC": (
        "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
        "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
    ),
    "AVRO": (
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
    ),
}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else self.text


def _tokens(sql: str) -> list[_Token]:
    found, at = [], 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:
            raise _wrong(sql, at, sql[at])
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], at))
        at = match.end()
    while found and found[-1].text == ";":
        found.pop()
    return found


def words(sql: str, count: int) -> list[str]:
    """The first words of a statement, in upper case; an open bracket counts as one."""
    found: list[str] = []
    at = 0
    while at < len(sql) and len(found) < count:
        match = _TOKEN.match(sql, at)
        if match is None:
            break
        if match.lastgroup != "space":
            found.append(match[0].upper())
        at = match.end()
    return found


def is_table_as(sql: str) -> bool:
    """Whether CREATE TABLE has a query: an AS outside brackets."""
    depth = 0
    try:
        found = _tokens(sql)
    except SyntaxInvalid:
        return bool(re.search(r"\bAS\b\s*\(?\s*(SELECT|WITH|VALUES|TABLE)\b", sql, re.IGNORECASE))
    for token in found:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.word == "AS":
            return True
    return False


def _wrong(sql: str, at: int, text: str, expected: str = "") -> SyntaxInvalid:
    line = sql.count("\n", 0, at) + 1
    column = at - (sql.rfind("\n", 0, at) + 1) + 1
    wanted = f" expecting {expected}" if expected else ""
    hint = "DDL quotes names with backticks" if text.startswith('"') or text == "-" else ""
    return SyntaxInvalid(f"line {line}:{column}: mismatched input '{text or '<EOF>'}'{wanted}", hint)


def parse(sql: str) -> ddl.Ddl:
    """The statement; SyntaxInvalid if it is none."""
    return _Parser(sql).statement()


class _Parser:
    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._found = _tokens(sql)
        self._at = 0

    # Words and names

    def _peek(self, ahead: int = 0) -> str:
        return self._found[self._at + ahead].word if self._at + ahead < len(self._found) else ""

    def _accept(self, *expected: str) -> bool:
        if [self._peek(number) for number in range(len(expected))] != list(expected):
            return False
        self._at += len(expected)
        return True

    def _take(self, *expected: str) -> None:
        for word in expected:
            if not self._accept(word):
                raise self._wrong(f"'{word}'")

    def _wrong(self, expected: str = "") -> SyntaxInvalid:
        if self._at < len(self._found):
            token = self._found[self._at]
            return _wrong(self._sql, token.start, token.text, expected)
        return _wrong(self._sql, len(self._sql), "", expected)

    def _end(self) -> None:
        if self._at < len(self._found):
            raise self._wrong("<EOF>")

    def _part(self, quote: str = "`") -> str:
        token = self._found[self._at] if self._at < len(self._found) else None
        named = token is not None and (token.kind in {"word", "name"} or token.text.startswith(quote))
        if token is None or not named:
            raise self._wrong("<identifier>")
        self._at += 1
        return token.text.strip(f"`{quote}").lower()

    def _name(self, quote: str = "`") -> ddl.Name:
        parts = [self._part(quote)]
        while self._accept("."):
            parts.append(self._part(quote))
        return (parts[-2] if len(parts) > 1 else "", parts[-1])

    def _is_string(self) -> bool:
        return self._at < len(self._found) and self._found[self._at].kind == "string"

    def _string(self) -> str:
        if not self._is_string():
            raise self._wrong("<string>")
        self._at += 1
        text = self._found[self._at - 1].text
        body = text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]
        body = re.sub(
            r"\\u([0-9A-Fa-f]{4})|\\([0-3][0-7]{2})", lambda m: chr(int(m[1], 16) if m[1] else int(m[2], 8)), body
        )
        return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), body)

    def _value(self) -> str:
        if self._is_string():
            return self._string()
        minus = "-" if self._accept("-") else ""
        if self._at >= len(self._found) or self._found[self._at].kind not in {"number", "word"}:
            raise self._wrong("<value>")
        self._at += 1
        return minus + self._found[self._at - 1].text

    def _list(self, item: Callable[[], object]) -> list[object]:
        self._take("(")
        found = [item()]
        while self._accept(","):
            found.append(item())
        self._take(")")
        return found

    def _properties(self) -> dict[str, str]:
        found: dict[str, str] = {}

        def one() -> None:
            name = self._string()
            self._take("=")
            # Without its line breaks, runs of spaces as one: what Athena keeps of a property of several lines.
            found[name] = re.sub(r" {2,}", " ", self._string().replace("\n", "")).strip(" ")

        self._list(one)
        return found

    def _in_a_line(self) -> str:
        """A comment's text, whose line breaks and runs of spaces become one space each, as Athena stores it."""
        return re.sub(r"\s*\n\s*| {2,}", " ", self._string())

    def _type(self) -> str:
        """A column's type, as Hive writes it."""
        start, depth = self._at, 0
        while self._at < len(self._found):
            text = self._found[self._at].text
            if depth == 0 and self._at > start and (text in {",", ")"} or self._found[self._at].word == "COMMENT"):
                break
            depth += (text in "<(") - (text in ">)")
            self._at += 1
        text = "".join(token.text.lower() for token in self._found[start : self._at])
        try:
            parse_type(text)
        except (UnknownType, IndexError, ValueError):
            self._at = start
            raise self._wrong("<type>") from None
        return {"integer": "int", "real": "float"}.get(text, text)

    def _field(self) -> ddl.Field:
        name = self._part()
        kind = self._type()
        return name, kind, self._in_a_line() if self._accept("COMMENT") else ""

    def _fields(self) -> tuple[ddl.Field, ...]:
        found: list[ddl.Field] = []
        self._list(lambda: found.append(self._field()))
        return tuple(found)

    def _partition_keys(self) -> tuple[tuple[ddl.Field, ...], SyntaxInvalid | None]:
        """Keys with their types; or what only Iceberg has (names alone, transforms), and the error that it is elsewhere."""
        wrong: list[SyntaxInvalid] = []

        def one() -> ddl.Field:
            if self._peek(1) in {",", ")"}:
                name = self._part()
                wrong.append(self._wrong("<type>"))
                return name, "", ""
            if self._peek(1) == "(":
                name = self._part()
                wrong.append(self._wrong("<type>"))
                self._list(self._value)
                return name, "", ""
            return self._field()

        found = self._list(one)
        return tuple(each for each in found if isinstance(each, tuple)), next(iter(wrong), None)

    def _partition(self) -> ddl.Values:
        self._take("PARTITION")
        found: list[tuple[str, str]] = []

        def one() -> None:
            name = self._part()
            if not self._accept("="):
                raise self._wrong("'='")
            found.append((name, self._value()))

        self._list(one)
        return tuple(found)

    # Statements

    def statement(self) -> ddl.Ddl:
        first = self._peek()
        self._at += 1
        found = {
            "CREATE": self._create,
            "DROP": self._drop,
            "ALTER": self._alter,
            "SHOW": self._show,
            "DESCRIBE": self._describe,
            "DESC": self._describe,
            "MSCK": self._repair,
        }[first]()
        self._end()
        return found

    def _create(self) -> ddl.Ddl:
        if self._accept("DATABASE") or self._accept("SCHEMA"):
            return self._create_database()
        external = self._accept("EXTERNAL")
        if not self._accept("TABLE"):
            raise self._wrong("'DATABASE', 'EXTERNAL', 'OR', 'SCHEMA', 'TABLE', 'VIEW'")
        return self._create_table(external=external)

    def _create_database(self) -> ddl.CreateDatabase:
        if_not_exists = self._accept("IF", "NOT", "EXISTS")
        name = self._part()
        comment = self._string() if self._accept("COMMENT") else ""
        location = self._string() if self._accept("LOCATION") else ""
        properties = self._properties() if self._accept("WITH", "DBPROPERTIES") else {}
        return ddl.CreateDatabase(name, if_not_exists, comment, location, properties)

    def _create_table(self, *, external: bool) -> ddl.CreateTable:  # noqa: C901, PLR0912, PLR0915 - a branch for each clause
        if_not_exists = self._accept("IF", "NOT", "EXISTS")
        target = self._name()
        columns = self._fields() if self._peek() == "(" else ()
        keys: tuple[ddl.Field, ...] = ()
        no_hive: SyntaxInvalid | None = None
        clustered: tuple[str, ...] = ()
        buckets = -1
        comment = location = ""
        serde, inputs, outputs = FORMATS["TEXTFILE"]
        own_serde = ""
        delimited: dict[str, str] = {}
        parameters: dict[str, str] = {}
        properties: dict[str, str] = {}
        while self._at < len(self._found):
            if self._accept("COMMENT"):
                comment = self._in_a_line()
            elif self._accept("PARTITIONED", "BY"):
                keys, no_hive = self._partition_keys()
            elif self._accept("CLUSTERED", "BY"):
                clustered = tuple(str(each) for each in self._list(self._part))
                self._take("INTO")
                buckets = int(self._value())
                self._take("BUCKETS")
            elif self._accept("ROW", "FORMAT", "SERDE"):
                own_serde = self._string()
            elif self._accept("ROW", "FORMAT", "DELIMITED"):
                delimited = self._delimited()
            elif self._accept("WITH", "SERDEPROPERTIES"):
                parameters = self._properties()
            elif self._accept("STORED", "AS", "INPUTFORMAT"):
                inputs = self._string()
                self._take("OUTPUTFORMAT")
                outputs = self._string()
            elif self._accept("STORED", "AS"):
                word = self._peek()
                if word not in FORMATS:
                    raise self._wrong(", ".join(f"'{name}'" for name in FORMATS))
                self._at += 1
                serde, inputs, outputs = FORMATS[word]
            elif self._accept("LOCATION"):
                location = self._string()
            elif self._accept("TBLPROPERTIES"):
                properties = self._properties()
            else:
                raise self._wrong(
                    "'COMMENT', 'LOCATION', 'PARTITIONED', 'ROW', 'STORED', 'TBLPROPERTIES', 'WITH', <EOF>"
                )
        if no_hive is not None and properties.get("table_type", "").upper() != "ICEBERG":
            raise no_hive
        if own_serde.endswith("JsonSerDe") and outputs == _TEXT_OUTPUT:
            outputs = _JSON_OUTPUT
        if not external and properties.get("table_type", "").upper() != "ICEBERG":
            raise SyntaxInvalid(
                "line 1:8: mismatched input 'table' expecting 'EXTERNAL'",
                "CREATE EXTERNAL TABLE, or CREATE TABLE ... AS",
            )
        return ddl.CreateTable(
            target, if_not_exists, external, columns, keys, comment, location, own_serde or serde, inputs, outputs,
            {**delimited, **parameters}, properties, clustered, buckets,
        )  # fmt: skip

    def _delimited(self) -> dict[str, str]:
        """ROW FORMAT DELIMITED's parts, as serde parameters."""
        found: dict[str, str] = {}
        while True:
            if self._accept("FIELDS", "TERMINATED", "BY"):
                found["field.delim"] = found["serialization.format"] = self._string()
                if self._accept("ESCAPED", "BY"):
                    found["escape.delim"] = self._string()
            elif self._accept("ESCAPED", "BY"):
                found["escape.delim"] = self._string()
            elif self._accept("COLLECTION", "ITEMS", "TERMINATED", "BY"):
                found["colelction.delim"] = self._string()  # Hive's own spelling
            elif self._accept("MAP", "KEYS", "TERMINATED", "BY"):
                found["mapkey.delim"] = self._string()
            elif self._accept("LINES", "TERMINATED", "BY"):
                found["line.delim"] = self._string()
            elif self._accept("NULL", "DEFINED", "AS"):
                found["serialization.null.format"] = self._string()
            else:
                return found

    def _drop(self) -> ddl.Ddl:
        if self._accept("DATABASE") or self._accept("SCHEMA"):
            if_exists = self._accept("IF", "EXISTS")
            name = self._part()
            cascade = self._accept("CASCADE")
            if not cascade:
                self._accept("RESTRICT")
            return ddl.DropDatabase(name, if_exists, cascade)
        view = self._accept("VIEW")
        if not view:
            self._take("TABLE")
        if_exists = self._accept("IF", "EXISTS")
        return ddl.Drop(self._name(), if_exists, view, "DROP_VIEW" if view else "DROP_TABLE")

    def _alter(self) -> ddl.Ddl:  # noqa: C901, PLR0911 - one branch for each form
        if self._accept("DATABASE") or self._accept("SCHEMA"):
            name = self._part()
            self._take("SET", "DBPROPERTIES")
            return ddl.AlterDatabase(name, self._properties())
        self._take("TABLE")
        target = self._name()
        if self._accept("ADD", "COLUMNS"):
            return ddl.ChangeColumns(target, self._fields())
        if self._accept("REPLACE", "COLUMNS"):
            return ddl.ChangeColumns(target, self._fields(), replace=True, substatement="ALTER_TABLE_REPLACE_COLUMNS")
        if self._accept("CHANGE"):
            self._accept("COLUMN")
            replaced = self._part()
            return ddl.ChangeColumns(
                target, (self._field(),), replaced=replaced, substatement="ALTER_TABLE_CHANGE_COLUMN"
            )
        if self._accept("ADD"):
            if_not_exists = self._accept("IF", "NOT", "EXISTS")
            found = []
            while self._peek() == "PARTITION":
                values = self._partition()
                found.append((values, self._string() if self._accept("LOCATION") else ""))
            if not found:
                raise self._wrong("'COLUMNS', 'PARTITION'")
            return ddl.AddPartitions(target, if_not_exists, tuple(found))
        if self._accept("DROP"):
            if_exists = self._accept("IF", "EXISTS")
            dropped = [self._partition()]
            while self._accept(","):
                dropped.append(self._partition())
            return ddl.DropPartitions(target, if_exists, tuple(dropped))
        partition: ddl.Values = self._partition() if self._peek() == "PARTITION" else ()
        if partition and self._accept("RENAME", "TO"):
            return ddl.RenamePartition(target, partition, self._partition())
        if self._accept("SET", "LOCATION"):
            return ddl.SetLocation(target, partition, self._string())
        self._take("SET", "TBLPROPERTIES")
        return ddl.SetProperties(target, self._properties())

    def _show(self) -> ddl.Ddl:  # noqa: C901 - one branch for each form
        if self._accept("DATABASES") or self._accept("SCHEMAS"):
            self._accept("LIKE")
            return ddl.ShowDatabases(self._string() if self._is_string() else "")
        if self._peek() in {"TABLES", "VIEWS"}:
            views = self._accept("VIEWS")
            if not views:
                self._take("TABLES")
            database = self._part() if self._accept("IN") or self._accept("FROM") else ""
            self._accept("LIKE")
            pattern = self._string() if self._is_string() else ""
            return ddl.ShowTables(database, pattern, views, "SHOW_VIEWS" if views else "SHOW_TABLES")
        if self._accept("PARTITIONS"):
            return ddl.ShowPartitions(self._name())
        if self._accept("COLUMNS"):
            if not self._accept("IN"):
                self._take("FROM")
            database, table = self._name()
            if self._accept("IN") or self._accept("FROM"):
                database = self._part()
            return ddl.ShowColumns((database, table))
        if self._accept("TBLPROPERTIES"):
            target = self._name()
            name = ""
            if self._accept("("):
                name = self._string()
                self._take(")")
            return ddl.ShowProperties(target, name)
        if self._accept("CREATE"):
            view = self._accept("VIEW")
            if not view:
                self._take("TABLE")
            return ddl.ShowCreate(self._name('"' if view else "`"), view)  # views are Trino's, and so are their quotes
        raise self._wrong(
            "'COLUMNS', 'CREATE', 'DATABASES', 'PARTITIONS', 'SCHEMAS', 'TABLES', 'TBLPROPERTIES', 'VIEWS'"
        )

    def _describe(self) -> ddl.Describe:
        if self._peek() in {"EXTENDED", "FORMATTED"} and self._peek(1):
            self._at += 1
        target = self._name()
        if self._peek() == "PARTITION":
            self._partition()
        return ddl.Describe(target, self._part() if self._at < len(self._found) else "")

    def _repair(self) -> ddl.Repair:
        self._take("REPAIR", "TABLE")
        return ddl.Repair(self._name())
