"""Triggers and workflows by boto3: what starts what, and what does not."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_endpoint import code_of, until

from lakehouse_core.contracts import Naming

SCRIPTS = Naming().bucket("scripts")
OVER = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"}


@pytest.fixture(autouse=True)
def _clean(glue: Any, s3_client: Any) -> Iterator[None]:
    """Three jobs (a and b end well, fails does not) and a crawler for each test; everything is gone afterwards."""
    for name, script in (("a", "print(1)"), ("b", "print(2)"), ("fails", "raise SystemExit(1)"), ("loops", LOOP)):
        s3_client.put_object(Bucket=SCRIPTS, Key=f"{name}.py", Body=script.encode())
        command = {"Name": "pythonshell", "ScriptLocation": f"s3://{SCRIPTS}/{name}.py"}
        glue.create_job(Name=name, Role="r", Command=command)
    glue.create_crawler(
        Name="c", Role="r", DatabaseName="workflows", Targets={"S3Targets": [{"Path": f"s3://{SCRIPTS}/none/"}]}
    )
    yield
    for name in glue.list_workflows()["Workflows"]:
        glue.delete_workflow(Name=name)
    for name in glue.list_triggers()["TriggerNames"]:
        glue.delete_trigger(Name=name)
    for name in ("a", "b", "fails", "loops"):
        until(lambda name=name: all(state in OVER for state in states(glue, name)))  # type: ignore[misc]
        glue.delete_job(JobName=name)
    until(lambda: glue.get_crawler(Name="c")["Crawler"]["State"] == "READY")
    glue.delete_crawler(Name="c")


LOOP = "import time\nwhile True: time.sleep(0.1)"


def states(glue: Any, job: str) -> list[str]:
    """The states of a job's runs, the newest first."""
    return [run["JobRunState"] for run in glue.get_job_runs(JobName=job)["JobRuns"]]


def conditional(glue: Any, name: str, conditions: list[dict[str, str]], logical: str = "AND", **more: Any) -> None:
    """An activated CONDITIONAL trigger; conditions wait for EQUALS."""
    conditions = [{"LogicalOperator": "EQUALS"} | each for each in conditions]
    given = {"Actions": [{"JobName": "b"}], "StartOnCreation": True} | more
    glue.create_trigger(
        Name=name, Type="CONDITIONAL", Predicate={"Logical": logical, "Conditions": conditions}, **given
    )


def test_on_demand_then_conditional(glue: Any) -> None:
    """A trigger's run sets the next one off, with the trigger's arguments; a run that a user starts does not."""
    glue.create_trigger(
        Name="go", Type="ON_DEMAND", Actions=[{"JobName": "a", "Arguments": {"--x": "1"}, "Timeout": 5}]
    )
    conditional(glue, "next", [{"JobName": "a", "State": "SUCCEEDED"}])
    glue.start_job_run(JobName="a")
    until(lambda: states(glue, "a") == ["SUCCEEDED"])
    time.sleep(0.5)
    assert states(glue, "b") == []
    glue.start_trigger(Name="go")
    assert glue.get_trigger(Name="go")["Trigger"]["State"] == "CREATED"
    until(lambda: states(glue, "b") == ["SUCCEEDED"])
    run = glue.get_job_runs(JobName="a")["JobRuns"][0]
    assert (run["TriggerName"], run["Arguments"], run["Timeout"]) == ("go", {"--x": "1"}, 5)
    glue.stop_trigger(Name="next")
    assert glue.get_trigger(Name="next")["Trigger"]["State"] == "DEACTIVATED"
    glue.start_trigger(Name="go")
    until(lambda: states(glue, "a") == ["SUCCEEDED"] * 3)
    time.sleep(0.5)
    assert states(glue, "b") == ["SUCCEEDED"]


@pytest.mark.parametrize(("logical", "fires"), [("AND", 0), ("ANY", 1)])
def test_all_or_any(glue: Any, logical: str, fires: int) -> None:
    """With AND every condition must hold, with ANY one is enough."""
    conditions = [{"JobName": "a", "State": "SUCCEEDED"}, {"JobName": "fails", "State": "SUCCEEDED"}]
    conditional(glue, "next", conditions, logical)
    glue.create_trigger(Name="go", Type="ON_DEMAND", Actions=[{"JobName": "a"}, {"JobName": "fails"}])
    glue.start_trigger(Name="go")
    until(lambda: states(glue, "a") == ["SUCCEEDED"] and states(glue, "fails") == ["FAILED"])
    if fires:
        until(lambda: states(glue, "b") == ["SUCCEEDED"])
    else:
        time.sleep(0.5)
        assert states(glue, "b") == []


def test_a_trigger_that_is_made_again_remembers_nothing(glue: Any) -> None:
    """What an earlier trigger of the name had seen does not count for the next one."""
    glue.create_trigger(Name="go", Type="ON_DEMAND", Actions=[{"JobName": "a"}])
    glue.create_trigger(Name="other", Type="ON_DEMAND", Actions=[{"JobName": "fails"}])
    both = [{"JobName": "a", "State": "SUCCEEDED"}, {"JobName": "fails", "State": "FAILED"}]
    conditional(glue, "next", both)
    glue.start_trigger(Name="go")
    until(lambda: states(glue, "a") == ["SUCCEEDED"])
    time.sleep(0.5)
    glue.delete_trigger(Name="next")
    conditional(glue, "next", both)
    glue.start_trigger(Name="other")
    until(lambda: states(glue, "fails") == ["FAILED"])
    time.sleep(0.5)
    assert states(glue, "b") == []
    glue.start_trigger(Name="go")
    until(lambda: states(glue, "b") == ["SUCCEEDED"])


def test_a_trigger_whose_job_is_gone(glue: Any) -> None:
    """The job is named in a run of state ERROR, and what else the trigger starts still starts."""
    glue.create_trigger(Name="go", Type="ON_DEMAND", Actions=[{"JobName": "a"}, {"JobName": "b"}])
    glue.delete_job(JobName="a")
    glue.start_trigger(Name="go")
    until(lambda: states(glue, "b") == ["SUCCEEDED"])
    command = {"Name": "pythonshell", "ScriptLocation": f"s3://{SCRIPTS}/a.py"}
    glue.create_job(Name="a", Role="r", Command=command)
    (run,) = glue.get_job_runs(JobName="a")["JobRuns"]
    assert (run["JobRunState"], run["ErrorMessage"]) == ("ERROR", "Job a does not exist")


REFUSED: list[dict[str, Any]] = [
    {"Type": "SCHEDULED", "Actions": [{"JobName": "a"}]},
    {"Type": "SCHEDULED", "Schedule": "cron(* * * * ? *)", "Actions": [{"JobName": "a"}]},
    {"Type": "CONDITIONAL", "Actions": [{"JobName": "a"}]},
    {"Type": "ON_DEMAND", "Actions": []},
    {"Type": "ON_DEMAND", "Actions": [{"JobName": "a", "CrawlerName": "c"}]},
    {"Type": "ON_DEMAND", "Actions": [{"CrawlerName": "c"}] * 3},
    {"Type": "ON_DEMAND", "StartOnCreation": True, "Actions": [{"JobName": "a"}]},
    {"Type": "EVENT", "Actions": [{"JobName": "a"}]},
    {
        "Type": "CONDITIONAL",
        "Actions": [{"JobName": "a"}],
        "Predicate": {"Conditions": [{"JobName": "a", "State": "RUNNING"}]},
    },
]


@pytest.mark.parametrize("definition", REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_cannot_fire_is_refused(glue: Any, definition: dict[str, Any]) -> None:
    """A trigger that means nothing, or cannot be carried out here, is not made."""
    assert code_of(glue.create_trigger, Name="no", **definition) == "InvalidInputException"
    assert code_of(glue.get_trigger, Name="no") == "EntityNotFoundException"


def test_trigger_lists(glue: Any) -> None:
    """Scheduled triggers are kept, updated, listed by job and by tag; deleting one that is not there is no error."""
    glue.create_trigger(
        Name="hourly", Type="SCHEDULED", Schedule="cron(0 * * * ? *)", Actions=[{"JobName": "a"}], Tags={"k": "v"}
    )
    assert glue.get_trigger(Name="hourly")["Trigger"]["State"] == "CREATED"
    glue.start_trigger(Name="hourly")
    update = {"Schedule": "cron(30 * * * ? *)", "Actions": [{"JobName": "b"}]}
    found = glue.update_trigger(Name="hourly", TriggerUpdate=update)["Trigger"]
    assert (found["Schedule"], found["State"]) == ("cron(30 * * * ? *)", "ACTIVATED")
    assert glue.list_triggers(DependentJobName="b")["TriggerNames"] == ["hourly"]
    assert glue.list_triggers(DependentJobName="a")["TriggerNames"] == []
    assert glue.list_triggers(Tags={"k": "v"})["TriggerNames"] == ["hourly"]
    assert glue.batch_get_triggers(TriggerNames=["hourly", "none"])["TriggersNotFound"] == ["none"]
    assert glue.delete_trigger(Name="none")["Name"] == "none"
    assert code_of(glue.create_trigger, Name="x", Type="ON_DEMAND", Actions=[{"JobName": "none"}]) == (
        "EntityNotFoundException"
    )


def finished(glue: Any, run: str) -> dict[str, Any]:
    """A workflow's run, once it is over."""
    get: Callable[[], Any] = lambda: glue.get_workflow_run(Name="w", RunId=run, IncludeGraph=True)["Run"]  # noqa: E731
    until(lambda: get()["Status"] not in {"RUNNING", "STOPPING"})
    return dict(get())


def test_a_workflow_from_crawler_to_job(glue: Any) -> None:
    """The starting trigger crawls, the crawl's end runs a job, and the run counts and draws what happened."""
    glue.create_workflow(Name="w", DefaultRunProperties={"day": "1"}, MaxConcurrentRuns=1)
    assert code_of(glue.start_workflow_run, Name="w") == "InvalidInputException"
    glue.create_trigger(
        Name="start", WorkflowName="w", Type="ON_DEMAND", Actions=[{"CrawlerName": "c"}, {"JobName": "fails"}]
    )
    assert code_of(glue.start_trigger, Name="start") == "InvalidInputException"
    crawled = [{"CrawlerName": "c", "CrawlState": "SUCCEEDED"}, {"JobName": "fails", "State": "FAILED"}]
    conditional(glue, "then", crawled, WorkflowName="w")
    outside = [{"JobName": "fails", "State": "FAILED"}]
    conditional(glue, "outside", outside, Actions=[{"JobName": "a"}])
    run = glue.start_workflow_run(Name="w", RunProperties={"by": "me"})["RunId"]
    assert code_of(glue.start_workflow_run, Name="w") == "ConcurrentRunsExceededException"
    found = finished(glue, run)
    assert found["Status"] == "COMPLETED"
    assert found["WorkflowRunProperties"] == {"day": "1", "by": "me"}
    counts = found["Statistics"]
    assert (counts["TotalActions"], counts["SucceededActions"], counts["FailedActions"]) == (3, 2, 1)
    nodes = {node["Name"]: node for node in found["Graph"]["Nodes"]}
    assert set(nodes) == {"start", "then", "c", "fails", "b"}
    assert len(found["Graph"]["Edges"]) == 5
    assert nodes["b"]["JobDetails"]["JobRuns"][0]["TriggerName"] == "then"
    assert nodes["c"]["CrawlerDetails"]["Crawls"][0]["State"] == "SUCCEEDED"
    assert states(glue, "a") == []
    glue.put_workflow_run_properties(Name="w", RunId=run, RunProperties={"by": "you"})
    assert glue.get_workflow_run_properties(Name="w", RunId=run)["RunProperties"] == {"day": "1", "by": "you"}
    assert glue.get_workflow(Name="w", IncludeGraph=True)["Workflow"]["LastRun"]["WorkflowRunId"] == run
    assert [each["WorkflowRunId"] for each in glue.get_workflow_runs(Name="w")["Runs"]] == [run]
    assert code_of(glue.get_workflow_run, Name="w", RunId="wr_none") == "EntityNotFoundException"
    assert code_of(glue.stop_workflow_run, Name="w", RunId=run) == "IllegalWorkflowStateException"


def test_a_stopped_workflow_starts_nothing_more(glue: Any) -> None:
    """Stopping ends what runs, and what would follow does not follow."""
    glue.create_workflow(Name="w")
    glue.create_trigger(Name="start", WorkflowName="w", Type="ON_DEMAND", Actions=[{"JobName": "loops"}])
    conditional(glue, "then", [{"JobName": "loops", "State": "STOPPED"}], WorkflowName="w")
    run = glue.start_workflow_run(Name="w")["RunId"]
    until(lambda: states(glue, "loops") == ["RUNNING"])
    glue.stop_workflow_run(Name="w", RunId=run)
    assert finished(glue, run)["Status"] == "STOPPED"
    assert states(glue, "loops") == ["STOPPED"]
    assert states(glue, "b") == []
    assert finished(glue, run)["Statistics"]["StoppedActions"] == 1
    assert glue.batch_get_workflows(Names=["w", "none"])["MissingWorkflows"] == ["none"]
