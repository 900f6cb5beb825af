"""The crawler's rules on content that is at hand: headers, types, names, exclusions, policies."""

import doctest
import gzip
from types import ModuleType

import pytest

from lakehouse_local.engines.crawler import (
    csv_files,
    globs,
    grouping,
    json_files,
    names,
    objects,
    parquet_files,
    schema,
)
from lakehouse_local.engines.crawler.model import (
    Column,
    CsvClassifier,
    Format,
    FoundPartition,
    FoundTable,
    JsonClassifier,
    KnownTable,
    Policy,
)
from lakehouse_local.engines.crawler.objects import Object
from lakehouse_local.engines.crawler.plan import plan
from lakehouse_local.engines.crawler.sampling import Head


def _object(content: str) -> tuple[Object, Head]:
    body = content.encode()
    return Object("b", "t/a.csv", len(body), "e"), Head(body, "none", whole=True, read=len(body))


def _columns(found: schema.Schema | None) -> str | None:
    return None if found is None else ", ".join(f"{column.name} {column.type}" for column in found.columns)


CSV = [
    # title, content, columns (None: not CSV), whether the first row is a header
    ("a header over numbers", "id,name\n1,a\n2,b\n", "id bigint, name string", True),
    ("an all-text file has no header", "id,name\nx,a\ny,b\n", "col0 string, col1 string", False),
    ("numbers in the first row", "1,a\n2,b\n", "col0 bigint, col1 string", False),
    ("one column is not CSV", "1\n2\n", None, False),
    ("one row is not CSV", "1,2\n", None, False),
    ("ragged rows are not CSV", "a,b\n1,2,3\n", None, False),
    ("a heading of 150 characters is none", f"{'x' * 150},b\n1,2\n", "col0 string, col1 string", False),
    ("the last heading may be empty", "id,name,\n1,a,\n2,b,\n", "id bigint, name string, col2 string", True),
    ("an empty heading elsewhere is none", ",b\n1,2\n", "col0 bigint, col1 string", False),
    ("pipes, decimals, booleans", "1.5|true\n2|false\n", "col0 double, col1 boolean", False),
    ("quoted commas and newlines", 'k,v\n1,"a,b"\n2,"c\nd"\n', "k bigint, v string", True),
    ("DMS's NULL marker is text to AWS", "1,a\n\\N,b\n", "col0 string, col1 string", False),
    ("a bigint's edge", "9223372036854775807,1\n1,2\n", "col0 double, col1 bigint", False),
]


@pytest.mark.parametrize(("title", "content", "columns", "header"), CSV, ids=[case[0] for case in CSV])
def test_built_in_csv(title: str, content: str, columns: str | None, header: bool) -> None:  # noqa: FBT001
    """The built-in classifier follows AWS's rule of headers."""
    found = csv_files.built_in(*_object(content))
    assert _columns(found) == columns, title
    if found is not None:
        assert found.parameters.get("skip.header.line.count") == ("1" if header else None), title


CLASSIFIERS = [
    ("absent", CsvClassifier("c", header="absent"), "id,n\n1,a\n", "col0 string, col1 string"),
    ("present, all text", CsvClassifier("c", header="present"), "id,n\nx,a\n", "id string, n string"),
    ("names given", CsvClassifier("c", names=("a", "b"), header="absent"), "1,x\n2,y\n", "a bigint, b string"),
    ("names of another width", CsvClassifier("c", names=("a",), header="absent"), "1,x\n2,y\n", None),
    ("one column", CsvClassifier("c", single_column=True, header="absent"), "1\n2\n", "col0 bigint"),
    ("another delimiter", CsvClassifier("c", delimiter="~", header="absent"), "1~x\n2~y\n", "col0 bigint, col1 string"),
    ("single quotes", CsvClassifier("c", quote="'", header="absent"), "1,'a,b'\n2,c\n", "col0 bigint, col1 string"),
]


@pytest.mark.parametrize(("title", "rule", "content", "columns"), CLASSIFIERS, ids=[case[0] for case in CLASSIFIERS])
def test_csv_classifier(title: str, rule: CsvClassifier, content: str, columns: str | None) -> None:
    """A user's classifier overrides the rule."""
    assert _columns(csv_files.by_classifier(*_object(content), rule)) == columns, title


def test_csv_serde() -> None:
    """The classifier's serde is the table's, with its own names of parameters."""
    rule = CsvClassifier("c", header="absent", serde="open")
    found = csv_files.by_classifier(*_object("1,x\n2,y\n"), rule)
    assert found is not None
    assert found.format.serde == csv_files.OPEN
    assert found.format.serde_parameters == {"separatorChar": ",", "quoteChar": '"'}


JSON = [
    ("lines", '{"a":1,"b":"x"}\n{"a":2.5,"c":null}\n', None, "a double, b string, c string"),
    ("nested", '{"p":{"Q":[1,3000000000]},"l":[{"x":1},{"y":true}]}', None, "p struct<Q:array<bigint>>, l array<struct<x:int,y:boolean>>"),
    ("an array by itself", '[{"a":1}]', None, "array array<struct<a:int>>"),
    ("an array's records by path", '[{"a":1},{"a":2}]', JsonClassifier("j", "$[*]"), "a int"),
    ("records deeper", '{"rows":[{"a":true}]}', JsonClassifier("j", "$.rows[*]"), "a boolean"),
    ("not JSON", '{"a":', None, None),
]  # fmt: skip


@pytest.mark.parametrize(("title", "content", "rule", "columns"), JSON, ids=[case[0] for case in JSON])
def test_json(title: str, content: str, rule: JsonClassifier | None, columns: str | None) -> None:
    """JSON's types are Hive's; the widest of a column wins."""
    assert _columns(json_files.classify(*_object(content), rule)) == columns, title


FORMAT = Format("csv", "i", "o", "s")


def _found(name: str, columns: str, partitions: str = "") -> FoundTable:
    return FoundTable(
        name=name,
        location=f"s3://b/{name}/",
        columns=tuple(Column(*column.split(":")) for column in columns.split()),
        partition_keys=(Column("day", "string"),) if partitions else (),
        partitions=tuple(FoundPartition((day,), f"s3://b/{name}/day={day}/") for day in partitions.split()),
        format=FORMAT,
        parameters={},
    )


def _known(name: str, columns: str, partitions: str = "", *, deprecated: bool = False) -> KnownTable:
    table = _found(name, columns, partitions)
    values = frozenset(each.values for each in table.partitions)
    return KnownTable(name, table.location, table.columns, table.partition_keys, values, deprecated)


def test_new_tables_and_partitions_are_always_added() -> None:
    """A policy that logs still lets new tables and partitions in."""
    made = plan(
        [_found("a", "x:int"), _found("b", "x:int", "1 2")],
        [_known("b", "x:int", "1")],
        Policy(on_change="log", on_delete="log"),
        everything=True,
    )
    assert [table.name for table in made.create] == ["a"]
    assert [(name, [p.values for p in new]) for name, new in made.partitions] == [("b", [("2",)])]


CHANGES = [
    (Policy(), ["a"], 0, "x:bigint y:int"),
    (Policy(on_change="log"), [], 1, None),
    (Policy(merge_columns=True), ["a"], 0, "x:int y:int"),
]


@pytest.mark.parametrize(("policy", "updated", "logged", "columns"), CHANGES)
def test_changed_schema(policy: Policy, updated: list[str], logged: int, columns: str | None) -> None:
    """A changed schema is taken over, merged in or only logged."""
    made = plan([_found("a", "x:bigint y:int")], [_known("a", "x:int")], policy, everything=True)
    assert [table.name for table in made.update] == updated
    assert len(made.log) == logged
    if columns:
        assert made.update[0].columns == _found("a", columns).columns


GONE = [
    (Policy(), ("a",), (), 0),
    (Policy(on_delete="delete"), (), ("a",), 0),
    (Policy(on_delete="log"), (), (), 1),
]


@pytest.mark.parametrize(("policy", "deprecated", "deleted", "logged"), GONE)
def test_gone_table(policy: Policy, deprecated: tuple[str, ...], deleted: tuple[str, ...], logged: int) -> None:
    """A table whose objects are gone is deprecated, deleted or only logged."""
    made = plan([], [_known("a", "x:int")], policy, everything=True)
    assert (made.deprecate, made.delete, len(made.log)) == (deprecated, deleted, logged)


def test_a_partial_crawl_removes_nothing() -> None:
    """What a crawl of new folders did not look at is not gone."""
    made = plan([], [_known("a", "x:int", "1")], Policy(on_delete="delete"), everything=False)
    assert (made.deprecate, made.delete, made.gone) == ((), (), ())


@pytest.mark.parametrize("module", [globs, grouping, names, objects, parquet_files, schema])
def test_examples_in_the_docstrings(module: ModuleType) -> None:
    """What the docstrings show is what happens."""
    assert doctest.testmod(module).failed == 0


def test_gzip_content_is_not_asked_here() -> None:
    """Compressed bytes that nobody unpacked are no CSV."""
    body = gzip.compress(b"1,2\n3,4\n")
    assert csv_files.built_in(Object("b", "k", len(body), "e"), Head(body, "none", whole=True, read=len(body))) is None
