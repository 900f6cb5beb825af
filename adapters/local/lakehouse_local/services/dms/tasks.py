"""Replication tasks: their documents, their states, and what may be done in which."""

import json
import time

from lakehouse_core.errors import LakehouseError
from lakehouse_local.engines.dms.rules import parse_rules
from lakehouse_local.services.dms.common import (
    Answer,
    Request,
    exists,
    filtered,
    find,
    identifier,
    invalid,
    paged,
    present,
    wrong_state,
)
from lakehouse_local.services.dms.endpoints import Endpoints
from lakehouse_local.services.dms.events import Events
from lakehouse_local.services.dms.instances import Instances
from lakehouse_local.services.dms.runs import Runs, stop_time
from lakehouse_local.services.dms.statistics import recovery_checkpoint, table_statistics, task_statistics
from lakehouse_local.services.dms.tags import Registry
from lakehouse_local.services.dms.task_settings import parse_settings
from lakehouse_local.services.service import AwsError, Operation
from lakehouse_local.services.state import Document

_MAY = {
    "start": ("ready", "stopped", "failed"),
    "modify": ("ready", "stopped", "failed"),
    "delete": ("ready", "stopped", "failed"),
    "stop": ("starting", "running"),
    "reload": ("running",),
}
"""In which states what may be done."""
_RELOADED_AT_ONCE = 10


class Tasks:
    """Tasks by address."""

    def __init__(
        self,
        registry: Registry,
        events: Events,
        instances: Instances,
        endpoints: Endpoints,
        runs: Runs,
    ) -> None:
        self._state = registry.state
        self._tasks = registry.state.collection("dms.task")
        self._arns = registry.arns
        self._tags = registry.tags
        self._events = events
        self._instances = instances
        self._endpoints = endpoints
        self._runs = runs

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "CreateReplicationTask": self._create,
            "DescribeReplicationTasks": self._describe,
            "ModifyReplicationTask": self._modify,
            "DeleteReplicationTask": self._delete,
            "StartReplicationTask": self._start,
            "StopReplicationTask": self._stop,
            "ReloadTables": self._reload,
            "DescribeTableStatistics": self._statistics,
        }

    def _find(self, arn: str, to: str = "") -> Document:
        task = find(self._tasks, arn, "Replication Task")
        if to and task["Status"] not in _MAY[to]:
            name, status = task["ReplicationTaskIdentifier"], task["Status"]
            raise wrong_state(f"Replication Task {name} is {status}: it cannot be asked to {to} now")
        return task

    def _create(self, request: Request) -> Answer:
        name = identifier(request["ReplicationTaskIdentifier"], "ReplicationTaskIdentifier")
        if any(known["ReplicationTaskIdentifier"] == name for known in self._tasks.values()):
            raise exists(f"The replication task {name} already exists.")
        self._instances.find(request["ReplicationInstanceArn"])
        for role in ("Source", "Target"):
            endpoint = self._endpoints.find(request[f"{role}EndpointArn"])
            if endpoint["EndpointType"] != role.lower():
                raise invalid(f"{role}EndpointArn {endpoint['EndpointArn']} is a {endpoint['EndpointType']} endpoint")
        arn = self._arns.arn("task", request)
        task = {
            **present(request, ("SourceEndpointArn", "TargetEndpointArn", "ReplicationInstanceArn")),
            "ReplicationTaskIdentifier": name,
            "ReplicationTaskArn": arn,
            "Status": "ready",
            "ReplicationTaskCreationDate": time.time(),
            "ReplicationTaskSettings": "{}",
        }
        task = self._changed(task, request)
        self._tasks.put(arn, task)
        self._tags.set(arn, request)
        self._events.tell("replication-task", name, "creation", "Replication task created")
        return {"ReplicationTask": self._shown(task) | {"Status": "creating"}}

    def _changed(self, before: Document, request: Request) -> Document:
        """The task with what a request asks for, if all of it can be honoured."""
        for name, why in (
            ("CdcStartTime", "PostgreSQL cannot start at a time"),
            ("CdcStartPosition", "it needs a replication slot of your own, and the task makes one itself"),
            ("TaskData", "no source or target of it is done here"),
        ):
            if name in request:
                raise invalid(f"{name} is not done here: {why}")
        task = before | present(request, ("MigrationType", "TableMappings", "CdcStopPosition"))
        stop_time(task.get("CdcStopPosition"))
        try:
            parse_rules(task["TableMappings"])
        except LakehouseError as problem:
            raise invalid(problem.message) from None
        text = request.get("ReplicationTaskSettings", before["ReplicationTaskSettings"])
        task["ReplicationTaskSettings"] = json.dumps(parse_settings(_without_log_place(text)).document)
        return task

    def _describe(self, request: Request) -> Answer:
        getters = {
            "replication-task-arn": lambda found: found["ReplicationTaskArn"],
            "replication-task-id": lambda found: found["ReplicationTaskIdentifier"],
            "migration-type": lambda found: found["MigrationType"],
            "endpoint-arn": lambda found: found["SourceEndpointArn"],
            "replication-instance-arn": lambda found: found["ReplicationInstanceArn"],
        }
        found = filtered(self._tasks.values(), request, getters, "Tasks")
        brief = request.get("WithoutSettings", False)
        return paged("ReplicationTasks", [self._shown(each, brief=brief) for each in found], request)

    def _modify(self, request: Request) -> Answer:
        task = self._changed(self._find(request["ReplicationTaskArn"], "modify"), request)
        if "ReplicationTaskIdentifier" in request:
            task["ReplicationTaskIdentifier"] = identifier(
                request["ReplicationTaskIdentifier"], "ReplicationTaskIdentifier"
            )
        self._tasks.put(task["ReplicationTaskArn"], task)
        return {"ReplicationTask": self._shown(task) | {"Status": "modifying"}}

    def _delete(self, request: Request) -> Answer:
        task = self._find(request["ReplicationTaskArn"], "delete")
        shown = self._shown(task)
        self._runs.forget(task)
        self._tasks.delete(task["ReplicationTaskArn"])
        self._tags.forget(task["ReplicationTaskArn"])
        self._events.tell("replication-task", task["ReplicationTaskIdentifier"], "deletion", "Replication task deleted")
        return {"ReplicationTask": shown | {"Status": "deleting"}}

    def _start(self, request: Request) -> Answer:
        arn = request["ReplicationTaskArn"]
        with self._state.transaction():  # of two who start it at once, one finds it started
            before = self._find(arn, "start")
            task = self._started(before, request)
            self._tasks.put(arn, task)
        try:
            self._runs.start(task, fresh=request["StartReplicationTaskType"] != "resume-processing")
        except AwsError:
            self._tasks.put(arn, before)
            raise
        self._runs.settle(arn, "starting")
        return {"ReplicationTask": self._shown(task)}

    def _started(self, before: Document, request: Request) -> Document:
        """The task as it starts, if it may start so."""
        kind, ran = request["StartReplicationTaskType"], "ReplicationTaskStartDate" in before
        if kind == "start-replication" and ran:
            raise _wrong_start("START_REPLICATION, valid only for tasks running for the first time")
        if kind == "resume-processing" and not ran:
            raise _wrong_start("RESUME_PROCESSING, not valid for tasks that never ran")
        if kind == "reload-target" and before["MigrationType"] == "cdc":
            raise _wrong_start("RELOAD_TARGET, not valid for tasks of type cdc")
        task = self._changed(before, {name: value for name, value in request.items() if name.startswith("Cdc")})
        for name in ("StopReason", "LastFailureMessage", "_stopped"):
            task.pop(name, None)
        now = time.time()
        fresh = {} if kind == "resume-processing" else {"_fresh": now}
        return task | {"Status": "starting", "ReplicationTaskStartDate": now} | fresh

    def _stop(self, request: Request) -> Answer:
        task = self._find(request["ReplicationTaskArn"], "stop")
        arn = task["ReplicationTaskArn"]
        run = self._runs.find(arn)
        if run is None:
            raise wrong_state(f"Replication Task {task['ReplicationTaskIdentifier']} has just ended")
        self._tasks.update(
            arn, lambda found: found | ({"Status": "stopping"} if found["Status"] in _MAY["stop"] else {})
        )
        run.stop()
        self._runs.settle(arn, "stopping")
        return {"ReplicationTask": self._shown(task | {"Status": "stopping"})}

    def _reload(self, request: Request) -> Answer:
        task = self._find(request["ReplicationTaskArn"], "reload")
        if request.get("ReloadOption", "data-reload") != "data-reload":
            raise wrong_state("validate-only needs a task with validation, which S3 has for Parquet alone")
        if task["MigrationType"] == "full-load":
            raise wrong_state("tables of a full-load task are loaded again by starting it with reload-target")
        wanted = [(each["SchemaName"], each["TableName"]) for each in request["TablesToReload"]]
        if not 1 <= len(wanted) <= _RELOADED_AT_ONCE:
            raise invalid(f"between 1 and {_RELOADED_AT_ONCE} tables can be reloaded at once, not {len(wanted)}")
        arn = task["ReplicationTaskArn"]
        known = self._runs.ledger(arn).read()["tables"]
        if unknown := [".".join(table) for table in wanted if ".".join(table) not in known]:
            raise invalid(f"the task has no table {', '.join(unknown)}; it has {', '.join(known)}")
        run = self._runs.find(arn)
        if run is None:
            raise wrong_state(f"Replication Task {task['ReplicationTaskIdentifier']} has just ended")
        for table in wanted:
            self._runs.ledger(arn).table(".".join(table), state="Table is being reloaded", reloaded=False)
        run.reload(wanted)
        return {"ReplicationTaskArn": arn}

    def _statistics(self, request: Request) -> Answer:
        arn = self._find(request["ReplicationTaskArn"])["ReplicationTaskArn"]
        self._runs.count_unkeyed(arn)
        getters = {
            "schema-name": lambda found: found["SchemaName"],
            "table-name": lambda found: found["TableName"],
            "table-state": lambda found: found["TableState"],
        }
        found = table_statistics(self._runs.ledger(arn).read())
        wanted = filtered(found, request, getters, "Tables")
        return paged("TableStatistics", wanted, request, ReplicationTaskArn=arn)

    def _shown(self, task: Document, *, brief: bool = False) -> Answer:
        shown = {name: value for name, value in task.items() if not name.startswith("_")}
        if brief:
            del shown["TableMappings"], shown["ReplicationTaskSettings"]
        else:
            settings = json.loads(task["ReplicationTaskSettings"])
            if settings["Logging"]["EnableLogging"]:
                place = self._runs.log_place(task)
                settings["Logging"] |= {"CloudWatchLogGroup": place.group, "CloudWatchLogStream": place.stream}
            shown["ReplicationTaskSettings"] = json.dumps(settings)
        if "ReplicationTaskStartDate" in task:
            ledger = self._runs.ledger(task["ReplicationTaskArn"])
            shown["ReplicationTaskStats"] = task_statistics(task, ledger.read())
            checkpoint = ledger.checkpoint()
            if checkpoint is not None:
                shown["RecoveryCheckpoint"] = recovery_checkpoint(checkpoint)
        return shown


def _without_log_place(text: str) -> str:
    """Settings as they were shown may come back: the log's place in them is DMS's to say."""
    try:
        given = json.loads(text)
        for name in ("CloudWatchLogGroup", "CloudWatchLogStream"):
            given.get("Logging", {}).pop(name, None)
    except (ValueError, AttributeError, RecursionError):
        return text  # it is refused where it is read
    return json.dumps(given)


def _wrong_start(why: str) -> AwsError:
    return AwsError("InvalidParameterCombinationException", f"Start Type : {why}")
