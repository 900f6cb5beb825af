"""The Terraform of the repository, applied to the local endpoint by environment variables alone."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_endpoint import Endpoint
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
from lakehouse_local.ship import checks
from lakehouse_local.ship import plan as plans

GLUE_MODULES = SOURCE.parents[1] / "requirements" / "glue-modules.in"
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
    said = json.loads(initialised(tmp_path, f"envs/{environment}", {}).must("validate", "-json"))
    assert (said["valid"], said["diagnostics"]) == (True, [])


def test_checkov_finds_nothing() -> None:
    """Every check of checkov's passes but those that infra/terraform/.checkov.yaml gives a reason for."""
    checkov = SOURCE.parents[1] / ".venv-checkov" / "bin" / "checkov"
    if not checkov.exists():
        pytest.skip("checkov is not installed: make setup")
    done = subprocess.run(
        [
            checkov,
            "--config-file",
            SOURCE / ".checkov.yaml",
            "--directory",
            SOURCE / "envs" / "aws",
            "--output",
            "json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    summary = json.loads(done.stdout)["summary"]
    assert (done.returncode, summary["failed"], summary["parsing_errors"]) == (0, 0, 0), done.stdout
    assert summary["passed"] > 200


def test_what_variables_refuse_and_names_are(tmp_path: Path) -> None:
    """Terraform's own tests of the whole lake, against a mock of the provider."""
    said = initialised(tmp_path, "modules/lakehouse", {}).must("test")
    assert "Success! 17 passed, 0 failed." in said


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Callable[[dict[str, str]], Path]:
    """Plans the environment for an account, with credentials of nobody: a mock says which zones there are, and who asks."""
    folder = tmp_path_factory.mktemp("planned")
    variables = {
        "AWS_ENDPOINT_URL": endpoint.s3.endpoint,
        "AWS_ACCESS_KEY_ID": "mock",
        "AWS_SECRET_ACCESS_KEY": "mock",
        "TF_VAR_suffix": "a1b2c3d4",
        "TF_VAR_source_cidr": "10.9.0.0/24",
        "TF_VAR_source_database": "saas",
        "TF_VAR_source_ca_certificate_file": str(SOURCE / "modules" / "lakehouse" / "tests" / "ca.pem"),
        "TF_VAR_wheel": "wheels/lakehouse.whl",
        "TF_VAR_alarm_emails": '["ops@example.com"]',
    }
    terraform = initialised(folder, "envs/aws", variables)

    def plan(changed: dict[str, str]) -> Path:
        asked = replace(terraform, variables={**terraform.variables, **changed})
        asked.must("plan", "-out=tfplan")
        written = folder / "plan.json"
        written.write_text(asked.must("show", "-json", "tfplan"))
        return written

    return plan


def test_the_plan_for_an_account_is_closed(planned: Callable[[dict[str, str]], Path]) -> None:
    """Nothing is found in it, and what is planned is what the document asks for; the POC's public instance is found."""
    plan = plans.read(planned({}))
    assert checks.findings(plan) == ()
    counted = Counter(each.type for each in plan.resources)
    kinds = {
        "aws_s3_bucket": 5,
        "aws_glue_job": 9,
        "aws_glue_crawler": 3,
        "aws_glue_trigger": 4,
        "aws_athena_named_query": 12 + 28,
    }
    assert {kind: counted[kind] for kind in kinds} == kinds
    assert {round(each) for each in plan.starts_per_month().values()} == {730}
    # The tests' Glue (requirements/glue.in) has no more than these beside Glue's own packages.
    (modules,) = {each.values["default_arguments"]["--additional-python-modules"] for each in plan.of("aws_glue_job")}
    pinned = [line for line in GLUE_MODULES.read_text().splitlines() if "==" in line and not line.startswith("idna")]
    assert modules.split(",") == ["s3://lakehouse-poc-dev-scripts-a1b2c3d4/wheels/lakehouse.whl", *pinned]
    public = plans.read(planned({"TF_VAR_public_dms": "true"}))
    assert {each.rule for each in checks.findings(public)} == {"public-dms"}


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
        terraform = initialised(tmp_path, "envs/local", {**endpoint, **asked})
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
        "named queries": 12 + 28,
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
