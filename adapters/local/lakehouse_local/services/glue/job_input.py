"""A job's definition: what is refused of it, and what Glue fills in."""

from collections.abc import Mapping
from typing import Any

from lakehouse_local.engines.jobs.workers import DPU
from lakehouse_local.services.glue import errors

Definition = Mapping[str, Any]

VERSION = "5.1"
"""Of a job that names none: the one whose Spark runs here."""
_KINDS = {"glueetl": "spark", "pythonshell": "python"}
_OLD_TIMEOUT, _TIMEOUT, _LONGEST = 2880, 480, 10_080
_OLD = 5.0
_SHELL_CAPACITIES = (0.0625, 1.0)
_CAPACITY = 10.0


def completed(definition: Definition) -> dict[str, Any]:
    """The definition with what Glue fills in; InvalidInputException for what means nothing or is not run here."""
    kind = definition["Command"].get("Name", "glueetl")
    if kind not in _KINDS:
        raise errors.invalid(
            f"Jobs of the command {kind} are not run by the local endpoint; there are glueetl, pythonshell."
        )
    if not definition["Command"].get("ScriptLocation"):
        raise errors.invalid("Command.ScriptLocation is missing.")
    for name in ("CodeGenConfigurationNodes", "SourceControlDetails", "MaintenanceWindow"):
        if definition.get(name):
            raise errors.invalid(f"{name} is not supported by the local endpoint yet.")
    found = {"MaxRetries": 0, "GlueVersion": VERSION, "JobMode": "SCRIPT", **definition}
    found["ExecutionProperty"] = {"MaxConcurrentRuns": 1, **definition.get("ExecutionProperty", {})}
    found["Command"] = {"PythonVersion": "3", **definition["Command"], "Name": kind}
    found |= capacity(found, _KINDS[kind])
    found["Timeout"] = checked_timeout(found.get("Timeout") or default_timeout(found["GlueVersion"]))
    if found["MaxRetries"] < 0 or found["ExecutionProperty"]["MaxConcurrentRuns"] < 1:
        raise errors.invalid("MaxRetries is 0 or more, MaxConcurrentRuns 1 or more.")
    return found


def kind(definition: Definition) -> str:
    """``spark`` or ``python``."""
    return _KINDS[definition["Command"]["Name"]]


def default_timeout(version: str) -> int:
    """Minutes: 2,880 up to Glue 4, 480 from Glue 5."""
    try:
        return _OLD_TIMEOUT if float(version) < _OLD else _TIMEOUT
    except ValueError:
        raise errors.invalid(f"GlueVersion {version!r} is no version.") from None


def checked_timeout(minutes: int) -> int:
    """The timeout; InvalidInputException for one beyond seven days."""
    if not 1 <= minutes <= _LONGEST:
        raise errors.invalid(f"Timeout is 1 to {_LONGEST} minutes.")
    return minutes


def capacity(given: Definition, kind: str) -> dict[str, Any]:
    """WorkerType and NumberOfWorkers with the MaxCapacity that they are, or MaxCapacity alone.

    ``AllocatedCapacity`` is the same, rounded down, as older clients read it.
    """
    worker, number = given.get("WorkerType"), given.get("NumberOfWorkers")
    wanted = given.get("MaxCapacity") or given.get("AllocatedCapacity")
    if worker or number:
        if given.get("MaxCapacity") and not _agree(given):
            raise errors.invalid("Please do not set Max Capacity if using Worker Type and Number of Workers.")
        if not (worker and number) or number < 1:
            raise errors.invalid("Please set both Worker Type and Number of Workers.")
        if kind == "python":
            raise errors.invalid("Worker Type is not supported for Job Command pythonshell.")
        if worker not in DPU:
            raise errors.invalid(f"Worker Type {worker} is not one of {', '.join(DPU)}.")
        total = DPU[worker] * number
        return {"MaxCapacity": total, "AllocatedCapacity": int(total)}
    if kind == "python":
        total = float(wanted or _SHELL_CAPACITIES[0])
        if total not in _SHELL_CAPACITIES:
            raise errors.invalid("Max Capacity of pythonshell is 0.0625 or 1.")
    else:
        total = float(wanted or _CAPACITY)
        if total < 2 or total != int(total):
            raise errors.invalid("Max Capacity is 2 or more whole DPUs.")
    return {"MaxCapacity": total, "AllocatedCapacity": int(total)}


def _agree(given: Definition) -> bool:
    """Whether a MaxCapacity is just the one that was answered for these workers: clients send it back on update."""
    per_worker = DPU.get(given.get("WorkerType", ""), 0.0)
    return bool(per_worker * (given.get("NumberOfWorkers") or 0) == given["MaxCapacity"])
