"""The Terraform of the repository, applied to the local endpoint by environment variables alone."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from terraform import SOURCE, Terraform, found, initialised

from lakehouse_aws.session import CONF, conf_argument
from lakehouse_local import settings as settings_module
from lakehouse_local import supervisor
from lakehouse_local.capture import mappings
from lakehouse_local.engines.dms.rules import parse_rules
from lakehouse_local.environment import Environment
from lakehouse_local.providers import exports
from lakehouse_local.providers.errors import ProviderUnavailable
from lakehouse_local.settings import Settings

_LAYERS = ("athena", "bronze", "gold", "scripts", "silver")


def test_the_code_is_formatted() -> None:
    """Terraform's own formatter has nothing to change."""
    done = subprocess.run(
        [found(), f"-chdir={SOURCE}", "fmt", "-check", "-recursive", "-diff"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("environment", ["local", "aws"])
def test_an_environment_is_valid(environment: str, tmp_path: Path) -> None:
    """Both environments validate with the pinned provider."""
    said = json.loads(initialised(tmp_path, environment, {}).must("validate", "-json"))
    assert (said["valid"], said["diagnostics"]) == (True, [])


def test_dms_is_asked_for_what_it_has_for_s3() -> None:
    """The task's rules select and remove what local capture does, and add the change sequence alone."""
    text = (SOURCE / "modules" / "capture" / "table-mappings.json").read_text()
    rules, local = parse_rules(text), mappings.parse(mappings.DEFAULT)
    assert (rules.included, rules.excluded, rules.removed) == (local.includes, local.excludes, local.removed)
    added = [rule for rule in json.loads(text)["rules"] if rule["rule-action"].startswith("add-")]
    assert [(rule["rule-action"], rule["expression"]) for rule in added] == [("add-column", "$AR_H_CHANGE_SEQ")]


def test_jobs_get_the_spark_that_their_code_asks_for() -> None:
    """The jobs' --conf is what the code that runs in them refuses to go without."""
    given = json.loads((SOURCE / "modules" / "jobs" / "spark-conf.json").read_text())
    assert {name: " --conf ".join(conf) for name, conf in given.items()} == {name: conf_argument(name) for name in CONF}


@dataclass(frozen=True)
class Applied:
    """A lakehouse of the test's own, and Terraform that is pointed at it."""

    running: Environment
    terraform: Terraform

    def client(self, service: str) -> Any:
        """A client of the endpoint."""
        assert self.running.aws is not None
        s3 = self.running.s3
        keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key}
        endpoint = {"endpoint_url": self.running.aws.endpoint, "region_name": s3.region}
        return boto3.client(service, **endpoint, **keys)  # type: ignore[call-overload]


@pytest.fixture
def applied(tmp_path: Path) -> Iterator[Applied]:
    """A lakehouse over LocalStack, with its resources applied."""
    cache = settings_module.from_environment().cache
    settings = Settings(tmp_path / "home", cache, s3="localstack")
    try:
        running = supervisor.up(settings, lambda _: None)
    except ProviderUnavailable as error:
        pytest.skip(str(error))
    try:
        variables = exports(running)
        asked = {
            "TF_VAR_source_database": "saas",
            "TF_VAR_source_ca_certificate_file": variables["PGSSLROOTCERT"],
            "TF_VAR_wheel": "wheels/lakehouse.whl",
        }
        endpoint = {name: value for name, value in variables.items() if name.startswith("AWS_")}
        terraform = initialised(tmp_path, "local", {**endpoint, **asked})
        terraform.must("apply", "-auto-approve")
        yield Applied(running, terraform)
    finally:
        supervisor.down(settings, lambda _: None)


@pytest.mark.slow
def test_apply_plan_destroy(applied: Applied) -> None:
    """What is applied is there, a second plan finds nothing to do, and a destroy leaves nothing."""
    again = applied.terraform.run("plan", "-detailed-exitcode")
    assert again.returncode == 0, again.stdout[-4000:] + again.stderr
    assert _there(applied) == {
        "buckets": [f"lakehouse-poc-dev-{layer}-ti4jmrk8" for layer in _LAYERS],
        "databases": [f"lakehouse-poc_dev_{layer}" for layer in ("bronze", "gold", "silver")],
        "crawlers": [f"lakehouse-poc-dev-{layer}-crawler" for layer in ("bronze", "gold", "silver")],
        "jobs": 9,
        "triggers": 4,
        "named queries": 12,
        "tasks": ["ready"],
        "endpoints": 2,
        "roles": 6,
    }
    applied.terraform.must("destroy", "-auto-approve")
    assert applied.terraform.must("state", "list") == ""
    assert not any(_there(applied).values())


def _there(applied: Applied) -> dict[str, Any]:
    """What the endpoint has of the lake, asked of its API."""
    glue, dms = applied.client("glue"), applied.client("dms")
    athena = applied.client("athena")
    groups = [each["Name"] for each in athena.list_work_groups()["WorkGroups"] if each["Name"] != "primary"]
    return {
        "buckets": sorted(each["Name"] for each in applied.client("s3").list_buckets()["Buckets"]),
        "databases": sorted(each["Name"] for each in glue.get_databases()["DatabaseList"] if each["Name"] != "default"),
        "crawlers": sorted(each["Name"] for each in glue.get_crawlers()["Crawlers"]),
        "jobs": len(glue.get_jobs()["Jobs"]),
        "triggers": len(glue.get_triggers()["Triggers"]),
        "named queries": sum(len(athena.list_named_queries(WorkGroup=name)["NamedQueryIds"]) for name in groups),
        "tasks": [each["Status"] for each in dms.describe_replication_tasks()["ReplicationTasks"]],
        "endpoints": len(dms.describe_endpoints()["Endpoints"]),
        "roles": len(applied.client("iam").list_roles()["Roles"]),
    }
