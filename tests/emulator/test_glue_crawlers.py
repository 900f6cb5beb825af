"""Crawlers by boto3: the POC's bronze, what a second crawl changes, states, schedules, refusals."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_endpoint import Endpoint, code_of, until

from lakehouse_core.contracts import Naming

BRONZE = Naming().bucket("bronze")
TABLES = (
    "auth_permission",
    "auth_user",
    "core_customer",
    "core_event",
    "core_invoice",
    "core_order",
    "core_orderitem",
    "core_product",
    "core_subscription",
    "core_tenant",
    "django_content_type",
    "django_migrations",
)
NAME = "lakehouse-poc-dev-bronze-crawler"
DATABASE = "lakehouse-poc_dev_bronze"
LEVEL = json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 4}})


Crawled = Callable[..., dict[str, Any]]


@pytest.fixture
def crawl(glue: Any) -> Iterator[Crawled]:
    """Creates a crawler if there is none, runs it to its end, and gives it back; deleted afterwards."""
    names: set[str] = set()

    def run(name: str, **definition: Any) -> dict[str, Any]:
        if name not in names:
            glue.create_crawler(Name=name, Role="lakehouse-poc-dev-glue-role", **definition)
            names.add(name)
        glue.start_crawler(Name=name)
        until(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
        return dict(glue.get_crawler(Name=name)["Crawler"])

    yield run
    for name in names:
        glue.delete_crawler(Name=name)


@pytest.fixture
def database(glue: Any) -> Iterator[str]:
    """An empty database."""
    glue.create_database(DatabaseInput={"Name": "crawled"})
    yield "crawled"
    glue.delete_database(Name="crawled")


def put(s3_client: Any, **objects: bytes) -> None:
    """Store objects below ``t/``; double underscores are slashes."""
    for key, body in objects.items():
        s3_client.put_object(Bucket=BRONZE, Key=f"t/{key.replace('__', '/')}", Body=body)


@pytest.fixture(autouse=True)
def _empty(s3_client: Any) -> None:
    for page in s3_client.get_paginator("list_objects_v2").paginate(Bucket=BRONZE):
        for item in page.get("Contents", ()):
            s3_client.delete_object(Bucket=BRONZE, Key=item["Key"])


def test_the_pocs_bronze_is_exactly_twelve_tables(
    endpoint: Endpoint, glue: Any, s3_client: Any, crawl: Crawled
) -> None:
    """DMS's folders become twelve tables, by the crawler and the commands of the document; its log is in CloudWatch."""
    row = b'I,2024-12-08 10:00:00.000000,1,"a ""quoted"" {text}",\\N\n'
    for table in TABLES:
        s3_client.put_object(
            Bucket=BRONZE, Key=f"dms-data/public/{table}/LOAD00000001.csv.gz", Body=gzip.compress(row, mtime=0)
        )
    s3_client.put_object(Bucket=BRONZE, Key="dms-data/cdc/CDC_TXN-1.csv", Body=b"I,core_tenant,public,x,1\nU,a,b\n")
    glue.create_classifier(
        CsvClassifier={"Name": "dms", "Delimiter": ",", "ContainsHeader": "ABSENT", "Serde": "OpenCSVSerDe"}
    )
    glue.create_database(DatabaseInput={"Name": DATABASE})
    crawler = crawl(
        NAME,
        DatabaseName=DATABASE,
        Targets={"S3Targets": [{"Path": f"s3://{BRONZE}/dms-data/public/"}]},
        Classifiers=["dms"],
        Configuration=LEVEL,
        Schedule="cron(0 * * * ? *)",
        Tags={"Project": "lakehouse-poc"},
    )
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED", crawler["LastCrawl"]
    assert crawler["LastCrawl"]["LogStream"] == NAME
    assert crawler["Schedule"] == {"ScheduleExpression": "cron(0 * * * ? *)", "State": "SCHEDULED"}
    tables = glue.get_tables(DatabaseName=DATABASE)["TableList"]
    assert tuple(table["Name"] for table in tables) == TABLES
    storage = tables[0]["StorageDescriptor"]
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("OpenCSVSerde")
    assert storage["Compressed"]
    assert tables[0]["Parameters"]["UPDATED_BY_CRAWLER"] == NAME
    (metrics,) = glue.get_crawler_metrics(CrawlerNameList=[NAME])["CrawlerMetricsList"]
    assert (metrics["TablesCreated"], metrics["TablesUpdated"], metrics["TablesDeleted"]) == (12, 0, 0)
    assert 0 < metrics["LastRuntimeSeconds"] < 30
    (history,) = glue.list_crawls(CrawlerName=NAME)["Crawls"]
    assert history["State"] == "COMPLETED"
    assert json.loads(history["Summary"])["TABLE"]["CREATE"] == 12
    logs = endpoint.client("logs").get_log_events(logGroupName="/aws-glue/crawlers", logStreamName=NAME)["events"]
    assert sum("Created table" in event["message"] for event in logs) == 12
    crawl(NAME)
    assert len(glue.get_tables(DatabaseName=DATABASE)["TableList"]) == 12
    assert {table["VersionId"] for table in glue.get_tables(DatabaseName=DATABASE)["TableList"]} == {"0"}
    arn = f"arn:aws:glue:us-west-2:{endpoint.aws.account}:crawler/{NAME}"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"Project": "lakehouse-poc"}
    assert glue.list_crawlers(Tags={"Project": "lakehouse-poc"})["CrawlerNames"] == [NAME]
    assert glue.list_crawlers(Tags={"Project": "other"})["CrawlerNames"] == []
    glue.delete_database(Name=DATABASE)


def test_a_second_crawl_takes_changes_in(glue: Any, s3_client: Any, crawl: Crawled, database: str) -> None:
    """New columns make a version, new folders partitions; a table that is gone is marked, and comes back."""
    put(
        s3_client,
        **{
            "events__year=2024__a.json": b'{"id": 1, "a": 1, "b": 1, "c": 1}',
            "users__a.json": b'{"id": 1, "name": "x"}',
        },
    )
    put(s3_client, **{"items__a.json": b'{"sku": "x"}'})
    where = {"DatabaseName": database, "Targets": {"S3Targets": [{"Path": f"s3://{BRONZE}/t/"}]}}
    crawl("changes", **where)
    assert [each["Name"] for each in glue.get_tables(DatabaseName=database)["TableList"]] == [
        "events",
        "items",
        "users",
    ]
    put(s3_client, **{"events__year=2025__a.json": b'{"id": 1, "a": 1, "b": 1, "c": 1, "at": "now"}'})
    s3_client.delete_object(Bucket=BRONZE, Key="t/users/a.json")
    crawl("changes")
    table = glue.get_table(DatabaseName=database, Name="events")["Table"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["id", "a", "b", "c", "at"]
    assert table["VersionId"] == "1"
    partitions = glue.get_partitions(DatabaseName=database, TableName="events")["Partitions"]
    assert [each["Values"] for each in partitions] == [["2024"], ["2025"]]
    assert partitions[1]["StorageDescriptor"]["Location"] == f"s3://{BRONZE}/t/events/year=2025/"
    users = glue.get_table(DatabaseName=database, Name="users")["Table"]
    assert "DEPRECATED_BY_CRAWLER" in users["Parameters"]
    put(s3_client, **{"users__a.json": b'{"id": 1, "name": "x"}'})
    crawl("changes")
    assert "DEPRECATED_BY_CRAWLER" not in glue.get_table(DatabaseName=database, Name="users")["Table"]["Parameters"]


def test_policies(glue: Any, s3_client: Any, crawl: Crawled, database: str) -> None:
    """LOG changes nothing but says what it would have; DELETE deletes; MergeNewColumns keeps what is gone."""
    put(s3_client, **{"a__x.json": b'{"id": 1, "old": 1}', "b__x.json": b'{"name": "x"}'})
    where = {"DatabaseName": database, "Targets": {"S3Targets": [{"Path": f"s3://{BRONZE}/t/"}]}}
    crawl("policies", **where, SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    put(s3_client, **{"a__x.json": b'{"id": 1, "new": 1}'})
    s3_client.delete_object(Bucket=BRONZE, Key="t/b/x.json")

    def columns() -> list[str]:
        found = glue.get_table(DatabaseName=database, Name="a")["Table"]["StorageDescriptor"]["Columns"]
        return [each["Name"] for each in found]

    put(s3_client, **{"c__x.json": b'{"word": true}'})
    crawl("policies")
    assert columns() == ["id", "old"]
    assert [each["Name"] for each in glue.get_tables(DatabaseName=database)["TableList"]] == ["a", "b", "c"]
    glue.update_crawler(
        Name="policies",
        SchemaChangePolicy={"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"},
        Configuration=json.dumps({"CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}),
    )
    crawl("policies")
    assert columns() == ["id", "old", "new"]
    assert [each["Name"] for each in glue.get_tables(DatabaseName=database)["TableList"]] == ["a", "c"]
    assert glue.get_crawler(Name="policies")["Crawler"]["Version"] == 2


def test_only_new_folders(glue: Any, s3_client: Any, crawl: Crawled, database: str) -> None:
    """Folders that were seen are passed over, and nothing counts as gone."""
    put(s3_client, **{"e__day=1__a.json": b'{"id": 1}'})
    where = {"DatabaseName": database, "Targets": {"S3Targets": [{"Path": f"s3://{BRONZE}/t/e/"}]}}
    crawl("folders", **where, RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"})
    s3_client.delete_object(Bucket=BRONZE, Key="t/e/day=1/a.json")
    put(s3_client, **{"e__day=2__a.json": b'{"id": 1}'})
    crawl("folders")
    found = glue.get_partitions(DatabaseName=database, TableName="e")["Partitions"]
    assert [each["Values"] for each in found] == [["1"], ["2"]]


def test_a_table_of_someone_else_is_left_alone(glue: Any, s3_client: Any, crawl: Crawled, database: str) -> None:
    """A name that is taken by a table at another place gets a hash behind it."""
    glue.create_table(
        DatabaseName=database, TableInput={"Name": "a", "StorageDescriptor": {"Location": "s3://elsewhere/a/"}}
    )
    put(s3_client, **{"a__x.json": b'{"id": 1}'})
    crawl("clash", DatabaseName=database, Targets={"S3Targets": [{"Path": f"s3://{BRONZE}/t/a/"}]})
    mine, other = glue.get_tables(DatabaseName=database)["TableList"]
    assert mine["StorageDescriptor"]["Location"] == "s3://elsewhere/a/"
    assert other["Name"].startswith("a_")


def test_a_crawl_that_fails_says_why(glue: Any, s3_client: Any, crawl: Crawled, database: str) -> None:
    """A bucket that is not there, and a format that is not read, are FAILED with a message; nothing is made."""
    found = crawl("fails", DatabaseName=database, Targets={"S3Targets": [{"Path": "s3://no-such-bucket/x/"}]})
    assert found["LastCrawl"]["Status"] == "FAILED"
    assert "no-such-bucket" in found["LastCrawl"]["ErrorMessage"]
    put(s3_client, **{"o__x.orc": b"ORC" + bytes(100)})
    glue.update_crawler(Name="fails", Targets={"S3Targets": [{"Path": f"s3://{BRONZE}/t/"}]})
    assert "ORC" in crawl("fails")["LastCrawl"]["ErrorMessage"]
    states = [each["State"] for each in glue.list_crawls(CrawlerName="fails")["Crawls"]]
    assert states == ["FAILED", "FAILED"]
    wanted = [{"FieldName": "STATE", "FilterOperator": "EQ", "FieldValue": "COMPLETED"}]
    assert glue.list_crawls(CrawlerName="fails", Filters=wanted)["Crawls"] == []
    assert glue.get_tables(DatabaseName=database)["TableList"] == []


def test_states(glue: Any, s3_client: Any, database: str) -> None:
    """A crawler that runs can be neither started, changed nor deleted; stopping ends it CANCELLED."""
    put(s3_client, **{f"f{n:03d}__x.json": b'{"c%d": 1}' % n for n in range(150)})
    target = {"Path": f"s3://{BRONZE}/t/"}
    glue.create_crawler(Name="s", Role="r", DatabaseName=database, Targets={"S3Targets": [target] * 10})
    assert "LastCrawl" not in glue.get_crawler(Name="s")["Crawler"]
    assert code_of(glue.stop_crawler, Name="s") == "CrawlerNotRunningException"
    glue.start_crawler(Name="s")
    assert code_of(glue.start_crawler, Name="s") == "CrawlerRunningException"
    assert code_of(glue.update_crawler, Name="s", Description="d") == "CrawlerRunningException"
    assert code_of(glue.delete_crawler, Name="s") == "CrawlerRunningException"
    assert glue.get_crawler(Name="s")["Crawler"]["State"] == "RUNNING"
    glue.stop_crawler(Name="s")
    assert code_of(glue.stop_crawler, Name="s") == "CrawlerStoppingException"
    until(lambda: glue.get_crawler(Name="s")["Crawler"]["State"] == "READY")
    assert glue.get_crawler(Name="s")["Crawler"]["LastCrawl"]["Status"] == "CANCELLED"
    assert glue.get_tables(DatabaseName=database)["TableList"] == []
    glue.delete_crawler(Name="s")
    assert code_of(glue.get_crawler, Name="s") == "EntityNotFoundException"


def test_schedules(glue: Any) -> None:
    """A schedule is given, rests, counts again and is taken away; each in the state in which it can be."""
    glue.create_crawler(Name="t", Role="r", Targets={"S3Targets": [{"Path": "s3://b/"}]})
    assert code_of(glue.start_crawler_schedule, CrawlerName="t") == "NoScheduleException"
    glue.update_crawler_schedule(CrawlerName="t", Schedule="cron(15 12 * * ? *)")
    assert code_of(glue.start_crawler_schedule, CrawlerName="t") == "SchedulerRunningException"
    glue.stop_crawler_schedule(CrawlerName="t")
    assert glue.get_crawler(Name="t")["Crawler"]["Schedule"]["State"] == "NOT_SCHEDULED"
    assert code_of(glue.stop_crawler_schedule, CrawlerName="t") == "SchedulerNotRunningException"
    glue.start_crawler_schedule(CrawlerName="t")
    assert code_of(glue.update_crawler_schedule, CrawlerName="t", Schedule="cron(* * * * ? *)") == (
        "InvalidInputException"
    )
    glue.update_crawler_schedule(CrawlerName="t", Schedule="")
    assert "Schedule" not in glue.get_crawler(Name="t")["Crawler"]
    assert glue.batch_get_crawlers(CrawlerNames=["t", "none"])["CrawlersNotFound"] == ["none"]
    glue.delete_crawler(Name="t")


S3 = {"S3Targets": [{"Path": "s3://b/"}]}
REFUSED: list[dict[str, Any]] = [
    {"Targets": {}},
    {"Targets": {"JdbcTargets": [{"ConnectionName": "c", "Path": "p"}]}},
    {"Targets": {"S3Targets": [{"Path": "s3://b/", "SampleSize": 250}]}},
    {"Targets": S3, "Schedule": "rate(5 minutes)"},
    {"Targets": S3, "Configuration": "{"},
    {"Targets": S3, "Configuration": '{"Unheard": 1}'},
    {"Targets": S3, "Classifiers": ["none"]},
    {"Targets": S3, "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}},
    {
        "Targets": S3,
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE"},
    },
]


@pytest.mark.parametrize("definition", REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_cannot_be_crawled_is_refused(glue: Any, definition: dict[str, Any]) -> None:
    """A definition that means nothing, or that this crawler cannot carry out, makes no crawler."""
    assert code_of(glue.create_crawler, Name="no", Role="r", **definition) == "InvalidInputException"
    assert code_of(glue.get_crawler, Name="no") == "EntityNotFoundException"
