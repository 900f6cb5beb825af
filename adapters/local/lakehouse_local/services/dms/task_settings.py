"""Task settings: DMS's document with its defaults, and which of its settings are honoured.

Source of names and defaults: DMS User Guide, "Specifying task settings" and its example document.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_local.engines.dms.plan import StopReason
from lakehouse_local.services.dms.common import invalid

DEFAULT: dict[str, Any] = {
    "TargetMetadata": {
        "TargetSchema": "",
        "SupportLobs": True,
        "FullLobMode": False,
        "LobChunkSize": 64,
        "LimitedSizeLobMode": True,
        "LobMaxSize": 32,
        "InlineLobMaxSize": 0,
        "LoadMaxFileSize": 0,
        "ParallelLoadThreads": 0,
        "ParallelLoadBufferSize": 0,
        "ParallelLoadQueuesPerThread": 0,
        "ParallelApplyThreads": 0,
        "ParallelApplyBufferSize": 0,
        "ParallelApplyQueuesPerThread": 0,
        "BatchApplyEnabled": False,
        "TaskRecoveryTableEnabled": False,
    },
    "FullLoadSettings": {
        "TargetTablePrepMode": "DROP_AND_CREATE",
        "CreatePkAfterFullLoad": False,
        "StopTaskCachedChangesApplied": False,
        "StopTaskCachedChangesNotApplied": False,
        "MaxFullLoadSubTasks": 8,
        "TransactionConsistencyTimeout": 600,
        "CommitRate": 10000,
    },
    "Logging": {"EnableLogging": False},
    "ControlTablesSettings": {
        "ControlSchema": "",
        "HistoryTimeslotInMinutes": 5,
        "HistoryTableEnabled": False,
        "SuspendedTablesTableEnabled": False,
        "StatusTableEnabled": False,
        "historyTimeslotInMinutes": 5,
    },
    "StreamBufferSettings": {"StreamBufferCount": 3, "StreamBufferSizeInMB": 8, "CtrlStreamBufferSizeInMB": 5},
    "ChangeProcessingDdlHandlingPolicy": {
        "HandleSourceTableDropped": True,
        "HandleSourceTableTruncated": True,
        "HandleSourceTableAltered": True,
    },
    "ErrorBehavior": {
        "DataErrorPolicy": "LOG_ERROR",
        "DataTruncationErrorPolicy": "LOG_ERROR",
        "DataErrorEscalationPolicy": "SUSPEND_TABLE",
        "DataErrorEscalationCount": 0,
        "TableErrorPolicy": "SUSPEND_TABLE",
        "TableErrorEscalationPolicy": "STOP_TASK",
        "TableErrorEscalationCount": 0,
        "RecoverableErrorCount": -1,
        "RecoverableErrorInterval": 5,
        "RecoverableErrorThrottling": True,
        "RecoverableErrorThrottlingMax": 1800,
        "RecoverableErrorStopRetryAfterThrottlingMax": False,
        "ApplyErrorDeletePolicy": "IGNORE_RECORD",
        "ApplyErrorInsertPolicy": "LOG_ERROR",
        "ApplyErrorUpdatePolicy": "LOG_ERROR",
        "ApplyErrorEscalationPolicy": "LOG_ERROR",
        "ApplyErrorEscalationCount": 0,
        "ApplyErrorFailOnTruncationDdl": False,
        "FullLoadIgnoreConflicts": True,
        "FailOnTransactionConsistencyBreached": False,
        "FailOnNoTablesCaptured": True,
        "EventErrorPolicy": "IGNORE",
    },
    "ChangeProcessingTuning": {
        "BatchApplyPreserveTransaction": True,
        "BatchApplyTimeoutMin": 1,
        "BatchApplyTimeoutMax": 30,
        "BatchApplyMemoryLimit": 500,
        "BatchSplitSize": 0,
        "MinTransactionSize": 1000,
        "CommitTimeout": 1,
        "MemoryLimitTotal": 1024,
        "MemoryKeepTime": 60,
        "StatementCacheSize": 50,
        "RecoveryTimeout": -1,
    },
    "ValidationSettings": {"EnableValidation": False},
    "PostProcessingRules": None,
    "CharacterSetSettings": None,
    "LoopbackPreventionSettings": None,
    "BeforeImageSettings": None,
    "FailTaskWhenCleanTaskResourceFailed": False,
    "TTSettings": {"EnableTT": False},
}

_HONOURED = {
    "TargetMetadata": {"LobMaxSize"},
    "FullLoadSettings": {
        "TargetTablePrepMode",
        "StopTaskCachedChangesApplied",
        "StopTaskCachedChangesNotApplied",
        "TransactionConsistencyTimeout",
    },
    "Logging": {"EnableLogging"},
    "ErrorBehavior": {"RecoverableErrorCount", "RecoverableErrorInterval", "RecoverableErrorThrottlingMax"},
}
_NO_EFFECT = {
    # How fast, through which buffers, or with which details in the log: never what is moved.
    "TargetMetadata": {"LobChunkSize"},
    "FullLoadSettings": {"MaxFullLoadSubTasks", "CommitRate"},
    "Logging": {"EnableLogContext", "LogComponents"},
    "ControlTablesSettings": {"ControlSchema", "HistoryTimeslotInMinutes", "historyTimeslotInMinutes"},
    "StreamBufferSettings": set(DEFAULT["StreamBufferSettings"]),
    "ChangeProcessingTuning": set(DEFAULT["ChangeProcessingTuning"]),
    # A target in S3 has no table to drop, truncate or alter: only new rows have the new columns, as in AWS.
    "ChangeProcessingDdlHandlingPolicy": set(DEFAULT["ChangeProcessingDdlHandlingPolicy"]),
    # Of records that a target refuses; S3 refuses none.
    "ErrorBehavior": {name for name in DEFAULT["ErrorBehavior"] if name.startswith(("Apply", "FullLoadIgnore"))},
    "ValidationSettings": {"ThreadCount", "PartitionSize", "FailureMaxCount", "RecordFailureDelayInMinutes"},
}
_MODES = ("DO_NOTHING", "DROP_AND_CREATE", "TRUNCATE_BEFORE_LOAD")
_LOB_KILOBYTES = 102_400


@dataclass(frozen=True)
class TaskSettings:
    """What a run needs to know of them."""

    document: dict[str, Any]

    def __post_init__(self) -> None:
        mode = self.document["FullLoadSettings"]["TargetTablePrepMode"]
        if mode not in _MODES:
            raise invalid(f"TargetTablePrepMode is {mode!r}; there are {', '.join(_MODES)}")
        if not 1 <= self.lob_kilobytes <= _LOB_KILOBYTES:
            raise invalid(f"LobMaxSize is {self.lob_kilobytes}; it must be between 1 and {_LOB_KILOBYTES} KB")

    @property
    def lob_kilobytes(self) -> int:
        """LobMaxSize."""
        return int(self.document["TargetMetadata"]["LobMaxSize"])

    @property
    def clear(self) -> bool:
        """Whether a table's objects are removed before it is loaded."""
        return bool(self.document["FullLoadSettings"]["TargetTablePrepMode"] != "DO_NOTHING")

    @property
    def stop_after(self) -> StopReason | None:
        """Whether, and when, a task ends by itself after its full load."""
        load = self.document["FullLoadSettings"]
        if load["StopTaskCachedChangesNotApplied"]:
            return StopReason.STOPPED_AFTER_FULL_LOAD
        return StopReason.STOPPED_AFTER_CACHED_EVENTS if load["StopTaskCachedChangesApplied"] else None

    @property
    def consistency_seconds(self) -> float:
        """TransactionConsistencyTimeout."""
        return float(self.document["FullLoadSettings"]["TransactionConsistencyTimeout"])

    @property
    def retry(self) -> tuple[int, float, float]:
        """Attempts (below 0: without end), the first pause and the longest one, in seconds."""
        errors = self.document["ErrorBehavior"]
        return (
            int(errors["RecoverableErrorCount"]),
            float(errors["RecoverableErrorInterval"]),
            float(errors["RecoverableErrorThrottlingMax"]),
        )

    @property
    def logging(self) -> bool:
        """Whether the log goes to CloudWatch Logs."""
        return bool(self.document["Logging"]["EnableLogging"])


def parse_settings(text: str | None) -> TaskSettings:
    """The document that a request brings, laid over the defaults.

    Raises:
        AwsError: InvalidParameterValueException: not JSON, an unknown setting, or one that is not honoured, by name.
    """
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError) as problem:
        raise invalid(f"Invalid task settings JSON: {problem}") from None
    if not isinstance(given, dict):
        raise invalid("Invalid task settings JSON: it must be an object")
    document = json.loads(json.dumps(DEFAULT))
    for section, value in given.items():
        if section not in DEFAULT:
            raise invalid(f"Unknown task setting {section}")
        if isinstance(DEFAULT[section], dict) and isinstance(value, Mapping):
            _check(section, value)
            document[section] |= value
        elif value != DEFAULT[section] and value is not None:
            raise invalid(f"{section} is not honoured here; leave it out")
    return TaskSettings(document)


def _check(section: str, given: Mapping[str, Any]) -> None:
    free = _HONOURED.get(section, set()) | _NO_EFFECT.get(section, set())
    for name, value in given.items():
        default = DEFAULT[section].get(name)
        if name in DEFAULT[section] and type(value) is not type(default):
            raise invalid(f"{section}.{name} is {value!r}, which is not its type")
        if name not in free and value != default:
            raise invalid(f"{section}.{name} {value!r} is not honoured here; {default!r} is")
