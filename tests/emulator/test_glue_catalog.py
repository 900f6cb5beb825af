"""The Data Catalog by boto3: databases, tables and versions, partitions, and what hangs on them."""

from collections.abc import Iterator
from typing import Any

import pytest
from aws_endpoint import code_of

DATABASE = "lakehouse-poc_dev_catalog"
TABLE = {
    "Name": "Orders",
    "TableType": "EXTERNAL_TABLE",
    "PartitionKeys": [{"Name": "year", "Type": "int"}, {"Name": "kind", "Type": "string"}],
    "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}], "Location": "s3://lake/orders"},
}


@pytest.fixture
def database(glue: Any) -> Iterator[str]:
    """A database for one test."""
    glue.create_database(DatabaseInput={"Name": DATABASE, "Description": "d"})
    yield DATABASE
    glue.delete_database(Name=DATABASE)


def test_databases(glue: Any, database: str) -> None:
    """Create, get, update and list; a second one of the name and an unknown one are refused."""
    assert glue.get_database(Name=database.upper())["Database"]["Description"] == "d"
    assert code_of(glue.create_database, DatabaseInput={"Name": database.upper()}) == "AlreadyExistsException"
    glue.update_database(Name=database, DatabaseInput={"Name": database, "LocationUri": "s3://lake/"})
    found = glue.get_database(Name=database)["Database"]
    assert found["LocationUri"] == "s3://lake/"
    assert "Description" not in found
    assert code_of(glue.delete_database, Name="none") == "EntityNotFoundException"
    assert code_of(glue.get_database, Name=database, CatalogId="999999999999") == "EntityNotFoundException"


def test_tables_and_their_versions(glue: Any, database: str) -> None:
    """An update makes a version, an old expectation is refused, and versions can be forgotten but for the last."""
    glue.create_table(DatabaseName=database, TableInput=TABLE)
    found = glue.get_table(DatabaseName=database, Name="ORDERS")["Table"]
    assert (found["Name"], found["VersionId"], found["Retention"]) == ("orders", "0", 0)
    assert code_of(glue.create_table, DatabaseName=database, TableInput=TABLE) == "AlreadyExistsException"
    changed = TABLE | {"Parameters": {"a": "b"}}
    glue.update_table(DatabaseName=database, TableInput=changed, VersionId="0")
    stale = code_of(glue.update_table, DatabaseName=database, TableInput=changed, VersionId="0")
    assert stale == "ConcurrentModificationException"
    versions = glue.get_paginator("get_table_versions").paginate(
        DatabaseName=database, TableName="orders", PaginationConfig={"PageSize": 1}
    )
    assert [each["VersionId"] for page in versions for each in page["TableVersions"]] == ["1", "0"]
    old = glue.get_table_version(DatabaseName=database, TableName="orders", VersionId="0")["TableVersion"]["Table"]
    assert "Parameters" not in old
    assert code_of(glue.delete_table_version, DatabaseName=database, TableName="orders", VersionId="1") == (
        "InvalidInputException"
    )
    glue.delete_table_version(DatabaseName=database, TableName="orders", VersionId="0")
    glue.update_table(DatabaseName=database, TableInput=TABLE, SkipArchive=True)
    kept = glue.get_table_versions(DatabaseName=database, TableName="orders")["TableVersions"]
    assert [each["VersionId"] for each in kept] == ["2"]
    assert code_of(glue.update_table, DatabaseName=database, TableInput={"Name": "none"}) == "EntityNotFoundException"


def test_lists_of_tables(glue: Any, database: str) -> None:
    """Pages hold everything once; an expression is a regular expression for the whole name; a batch names its failures."""
    names = [f"core_{n:02d}" for n in range(12)]
    for name in names:
        glue.create_table(DatabaseName=database, TableInput={"Name": name})
    pages = list(glue.get_paginator("get_tables").paginate(DatabaseName=database, PaginationConfig={"PageSize": 5}))
    assert [len(page["TableList"]) for page in pages] == [5, 5, 2]
    assert [table["Name"] for page in pages for table in page["TableList"]] == names
    found = glue.get_tables(DatabaseName=database, Expression="core_0[1-3]")["TableList"]
    assert [table["Name"] for table in found] == names[1:4]
    assert glue.get_tables(DatabaseName=database, Expression="core")["TableList"] == []
    assert code_of(glue.get_tables, DatabaseName=database, Expression="(") == "InvalidInputException"
    assert code_of(glue.get_tables, DatabaseName=database, NextToken="x") == "InvalidInputException"
    found = glue.search_tables(SearchText="core_11")["TableList"]
    assert [table["Name"] for table in found] == ["core_11"]
    wrong = glue.batch_delete_table(DatabaseName=database, TablesToDelete=["core_00", "none"])["Errors"]
    assert [(each["TableName"], each["ErrorDetail"]["ErrorCode"]) for each in wrong] == [
        ("none", "EntityNotFoundException")
    ]
    assert len(glue.get_tables(DatabaseName=database)["TableList"]) == 11


def _fill(glue: Any, database: str) -> None:
    glue.create_table(DatabaseName=database, TableInput=TABLE)
    inputs = [
        {"Values": [str(year), kind], "StorageDescriptor": TABLE["StorageDescriptor"]}
        for year in (2022, 2023, 2024)
        for kind in ("a", "b")
    ]
    assert (
        glue.batch_create_partition(DatabaseName=database, TableName="orders", PartitionInputList=inputs)["Errors"]
        == []
    )


EXPRESSIONS = [
    ("year > 2022 AND kind = 'a'", ["2023a", "2024a"]),
    ("year IN (2022, 2024) and kind <> 'b'", ["2022a", "2024a"]),
    ("kind LIKE 'B%'", []),
    ("year BETWEEN 2023 AND 2024 AND NOT kind = 'b'", ["2023a", "2024a"]),
    ("year = '2023'", ["2023a", "2023b"]),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS, ids=[each[0] for each in EXPRESSIONS])
def test_partitions_by_expression(glue: Any, database: str, expression: str, expected: list[str]) -> None:
    """Keys compare as what they are: numbers as numbers."""
    _fill(glue, database)
    found = glue.get_partitions(DatabaseName=database, TableName="orders", Expression=expression)["Partitions"]
    assert ["".join(each["Values"]) for each in found] == expected


@pytest.mark.parametrize(
    "expression",
    ["nope = 1", "(select 1)", "1=1); drop table partition; --", "abs(year) = 3", "year in (select 1)", "("],
)
def test_bad_expressions(glue: Any, database: str, expression: str) -> None:
    """What is no condition over the keys is refused, whatever it tries."""
    _fill(glue, database)
    assert code_of(glue.get_partitions, DatabaseName=database, TableName="orders", Expression=expression) == (
        "InvalidInputException"
    )


def test_partitions(glue: Any, database: str) -> None:
    """Every call of partitions, its batch, and the failures that it names."""
    _fill(glue, database)
    where = {"DatabaseName": database, "TableName": "orders"}
    one = {"Values": ["2022", "a"]}
    wrong = glue.batch_create_partition(**where, PartitionInputList=[one, {"Values": ["2030", "z"]}])["Errors"]
    assert [(each["PartitionValues"], each["ErrorDetail"]["ErrorCode"]) for each in wrong] == [
        (["2022", "a"], "AlreadyExistsException")
    ]
    assert code_of(glue.create_partition, **where, PartitionInput={"Values": ["x"]}) == "InvalidInputException"
    assert glue.get_partition(**where, PartitionValues=["2022", "a"])["Partition"]["TableName"] == "orders"
    assert code_of(glue.get_partition, **where, PartitionValues=["1", "a"]) == "EntityNotFoundException"
    got = glue.batch_get_partition(**where, PartitionsToGet=[one, {"Values": ["1", "a"]}])
    assert ([each["Values"] for each in got["Partitions"]], got["UnprocessedKeys"]) == (
        [["2022", "a"]],
        [{"Values": ["1", "a"]}],
    )
    glue.update_partition(**where, PartitionValueList=["2030", "z"], PartitionInput={"Values": ["2031", "z"]})
    moved = {"PartitionValueList": ["2031", "z"], "PartitionInput": {"Values": ["2031", "z"], "Parameters": {"k": "v"}}}
    absent = {"PartitionValueList": ["9", "z"], "PartitionInput": {"Values": ["9", "z"]}}
    wrong = glue.batch_update_partition(**where, Entries=[moved, absent])["Errors"]
    assert [each["PartitionValueList"] for each in wrong] == [["9", "z"]]
    segments = [
        glue.get_partitions(**where, Segment={"SegmentNumber": n, "TotalSegments": 3})["Partitions"] for n in range(3)
    ]
    assert sorted(len(each) for each in segments) == [2, 2, 3]
    pages = glue.get_paginator("get_partitions").paginate(**where, PaginationConfig={"PageSize": 2})
    assert sum(len(page["Partitions"]) for page in pages) == 7
    wrong = glue.batch_delete_partition(**where, PartitionsToDelete=[{"Values": ["2031", "z"]}, {"Values": ["9", "z"]}])
    assert [each["PartitionValues"] for each in wrong["Errors"]] == [["9", "z"]]
    glue.delete_partition(**where, PartitionValues=["2022", "a"])
    bare = glue.get_partitions(**where, ExcludeColumnSchema=True)["Partitions"]
    assert len(bare) == 5
    assert all("Columns" not in each["StorageDescriptor"] for each in bare)
    glue.delete_table(DatabaseName=database, Name="orders")
    glue.create_table(DatabaseName=database, TableInput=TABLE)
    assert glue.get_partitions(**where)["Partitions"] == []


def test_connections_classifiers_functions_tags(glue: Any, database: str, endpoint: Any) -> None:
    """What else the catalog keeps comes back as it was given, and is gone when it is deleted."""
    properties = {"JDBC_CONNECTION_URL": "jdbc:postgresql://127.0.0.1/saas", "USERNAME": "u", "PASSWORD": "p"}
    given = {"Name": "pg", "ConnectionType": "JDBC", "ConnectionProperties": properties}
    glue.create_connection(ConnectionInput=given, Tags={"team": "lake"})
    assert glue.get_connection(Name="pg")["Connection"]["ConnectionProperties"] == properties
    assert "PASSWORD" not in glue.get_connection(Name="pg", HidePassword=True)["Connection"]["ConnectionProperties"]
    assert glue.get_connections(Filter={"ConnectionType": "KAFKA"})["ConnectionList"] == []
    arn = f"arn:aws:glue:us-west-2:{endpoint.aws.account}:connection/pg"
    glue.tag_resource(ResourceArn=arn, TagsToAdd={"a": "1", "b": "2"})
    glue.untag_resource(ResourceArn=arn, TagsToRemove=["a"])
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "lake", "b": "2"}
    assert code_of(glue.get_tags, ResourceArn=arn + "x") == "EntityNotFoundException"
    gone = glue.batch_delete_connection(ConnectionNameList=["pg", "none"])
    assert (gone["Succeeded"], list(gone["Errors"])) == (["pg"], ["none"])

    glue.create_classifier(CsvClassifier={"Name": "bronze", "Delimiter": ",", "ContainsHeader": "ABSENT"})
    glue.update_classifier(CsvClassifier={"Name": "bronze", "AllowSingleColumn": True})
    found = glue.get_classifier(Name="bronze")["Classifier"]["CsvClassifier"]
    assert (found["Version"], found["Delimiter"], found["AllowSingleColumn"]) == (2, ",", True)
    assert code_of(glue.create_classifier, GrokClassifier={"Name": "g", "Classification": "c", "GrokPattern": "p"}) == (
        "InvalidInputException"
    )
    glue.delete_classifier(Name="bronze")
    assert code_of(glue.get_classifier, Name="bronze") == "EntityNotFoundException"

    function = {"FunctionName": "Trim", "ClassName": "c.Trim"}
    glue.create_user_defined_function(DatabaseName=database, FunctionInput=function)
    found = glue.get_user_defined_functions(DatabaseName=database, Pattern="tr*")["UserDefinedFunctions"]
    assert [each["FunctionName"] for each in found] == ["trim"]
    glue.delete_user_defined_function(DatabaseName=database, FunctionName="trim")
