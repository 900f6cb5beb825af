"""Athena as the gateway calls it: its parts put together, and the executions between them."""

import hashlib
import json
import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

from lakehouse_local.engines.athena import statements
from lakehouse_local.engines.athena.engine import Control, Engine
from lakehouse_local.engines.athena.errors import Cancelled, Category, Kind, QueryFailed, SyntaxInvalid
from lakehouse_local.engines.athena.lake import Lake
from lakehouse_local.engines.athena.sandbox.limits import Limits
from lakehouse_local.engines.athena.sandbox.pool import Pool
from lakehouse_local.query.files import Files
from lakehouse_local.services.athena import pages
from lakehouse_local.services.athena.catalog import GlueCatalog
from lakehouse_local.services.athena.errors import invalid
from lakehouse_local.services.athena.executions import ENDED, Executions, described, headings_of, new_id
from lakehouse_local.services.athena.metadata import Metadata
from lakehouse_local.services.athena.results import Results, column_info, rows_of
from lakehouse_local.services.athena.runner import Runner, fingerprint_text, output_of
from lakehouse_local.services.athena.saved import NamedQueries, Prepared
from lakehouse_local.services.athena.workgroups import Workgroups
from lakehouse_local.services.glue.catalog import Catalog
from lakehouse_local.services.service import AwsError, Operation
from lakehouse_local.services.world import World

Request = Mapping[str, Any]
Document = dict[str, Any]

RUNNING_AT_ONCE = 4
"""Queries that run; more wait in the queue."""
WAITING_AT_MOST = 1000
_PAGE_ROWS = 1000


class Athena:
    """One endpoint's Athena."""

    name = "athena"
    refused: Mapping[str, str] = MappingProxyType({})

    def __init__(self, world: World) -> None:
        self._world = world
        state = world.state
        catalog = GlueCatalog(Catalog(state, world.account))
        limits = Limits(
            threads=min(os.cpu_count() or 1, 4), confine=os.environ.get("LAKEHOUSE_ATHENA_UNCONFINED", "") != "1"
        )
        self._pool = Pool(world.folder / "athena" / "queries", limits)
        engine = Engine(catalog, Lake(Files(world.s3, world.folder / "athena" / "objects")), self._pool)
        self._results = Results(world.s3)
        self._workgroups = Workgroups(state, world.account)
        self._named = NamedQueries(state, self._workgroups)
        self._prepared = Prepared(state, self._workgroups)
        self._executions = Executions(state)
        self._executions.interrupt()
        self._runner = Runner(engine, catalog, self._results, self._prepared)
        self._threads = ThreadPoolExecutor(RUNNING_AT_ONCE, thread_name_prefix="athena")
        self._lock = threading.Lock()
        self._controls: dict[str, Control] = {}
        self._tags = state.collection("athena.tags")
        self._operations: dict[str, Operation] = {
            **self._workgroups.operations,
            **self._named.operations,
            **self._prepared.operations,
            **Metadata(catalog).operations,
            "DeleteWorkGroup": self._delete_workgroup,
            "StartQueryExecution": self._start,
            "StopQueryExecution": self._stop,
            "GetQueryExecution": self._get,
            "BatchGetQueryExecution": self._batch,
            "ListQueryExecutions": self._list,
            "GetQueryResults": self._get_results,
            "GetQueryRuntimeStatistics": self._runtime,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What is done."""
        return self._operations

    def close(self) -> None:
        """End the running queries and every process."""
        with self._lock:
            controls = list(self._controls.values())
        for control in controls:
            control.cancel()
        self._threads.shutdown(cancel_futures=True)
        self._pool.close()
        self._results.close()

    # Starting

    def _start(self, request: Request) -> Document:
        token = request.get("ClientRequestToken")
        if token and (known := self._executions.by_token(token, request)):
            return {"QueryExecutionId": known}
        terms = self._workgroups.terms(request)
        text = request["QueryString"]
        parameters = list(request.get("ExecutionParameters", ()))
        try:
            full = statements.substituted(text, parameters) if parameters else text
            statement = statements.parse(full)
        except SyntaxInvalid as error:
            raise invalid(str(error), "MALFORMED_QUERY") from None
        except RecursionError:
            raise invalid(
                "line 1:1: statement is too large (stack overflow while parsing)", "MALFORMED_QUERY"
            ) from None
        self._results.check_bucket(terms.result["OutputLocation"])
        with self._lock:
            if len(self._controls) >= RUNNING_AT_ONCE + WAITING_AT_MOST:
                raise AwsError(
                    "TooManyRequestsException",
                    "You have exceeded the limit for the number of queries you can run concurrently",
                )
        context = request.get("QueryExecutionContext", {})
        execution = new_id()
        document: Document = {
            "id": execution,
            "query": text,
            "text": full,
            "parameters": parameters,
            "type": statement.type,
            "substatement": statement.substatement,
            "database": context.get("Database", "").strip("`").lower(),
            "catalog": context.get("Catalog", "awsdatacatalog").lower(),
            "workgroup": terms.workgroup,
            "result": {name: value for name, value in terms.result.items() if name != "OutputLocation"},
            "output": output_of(statement, terms.result["OutputLocation"], execution),
            "enforced": bool(
                self._workgroups.get(terms.workgroup)["Configuration"].get("EnforceWorkGroupConfiguration")
            )
            and "OutputLocation"
            in self._workgroups.get(terms.workgroup)["Configuration"].get("ResultConfiguration", {}),
            "cutoff": terms.cutoff,
            "engine": dict(terms.engine),
            "reuse": request.get("ResultReuseConfiguration"),
            "state": "QUEUED",
            "submitted": time.time(),
        }
        document["fingerprint"] = _fingerprint(document, terms.result)
        self._executions.create(document)
        if token:
            self._executions.remember_token(token, request, execution)
        if self._reuse(document):
            return {"QueryExecutionId": execution}
        control = Control()
        with self._lock:
            self._controls[execution] = control
        self._threads.submit(self._run, execution, control)
        return {"QueryExecutionId": execution}

    def _reuse(self, document: Document) -> bool:
        """Answer with an earlier result, if the request wants that and there is one."""
        age = (document["reuse"] or {}).get("ResultReuseByAgeConfiguration", {})
        if not age.get("Enabled"):
            return False
        found = self._executions.reusable(document["fingerprint"], 60 * age.get("MaxAgeInMinutes", 60))
        if found is None:
            return False
        now = time.time()
        members = {name: found[name] for name in ("headings", "output") if name in found}
        self._executions.change(
            document["id"], **members, started=now, completed=now, scanned=0, reused=True, state="SUCCEEDED"
        )
        return True

    def _run(self, execution: str, control: Control) -> None:
        """In a thread of its own: from RUNNING to the end, whatever happens."""
        members: Document = {}
        try:
            control.attach(None)
            document = self._executions.change(execution, state="RUNNING", started=time.time())
            members = {**self._runner.run(document, control), "state": "SUCCEEDED"}
        except Cancelled as reason:
            error = _error(Category.OTHER, Kind.CANCELLED, str(reason))
            members = {"state": "CANCELLED", "reason": str(reason), "error": error}
        except QueryFailed as failure:
            error = _error(failure.category, failure.kind, str(failure), retryable=failure.retryable)
            members = {"state": "FAILED", "reason": str(failure), "error": error}
        except Exception as failure:  # noqa: BLE001 - a defect of ours must not leave the query running for ever
            message = f"GENERIC_INTERNAL_ERROR: {type(failure).__name__}: {failure}"
            members = {"state": "FAILED", "reason": message, "error": _error(Category.SYSTEM, Kind.USER, message)}
        finally:
            with self._lock:
                self._controls.pop(execution, None)
            ended = self._executions.change(execution, **members, completed=time.time())
            if ended.get("reusable") and ended["state"] == "SUCCEEDED":
                self._executions.remember_result(ended["fingerprint"], execution)

    def _stop(self, request: Request) -> Document:
        execution = request["QueryExecutionId"]
        document = self._executions.get(execution)
        if document["state"] in ENDED:
            return {}
        with self._lock:
            control = self._controls.get(execution)
        if control is not None:
            control.cancel()
            reason = "Query was cancelled by user"
            self._executions.change(
                execution,
                state="CANCELLED",
                reason=reason,
                error=_error(Category.OTHER, Kind.CANCELLED, reason),
                completed=time.time(),
            )
        return {}

    # Looking

    def _get(self, request: Request) -> Document:
        return {"QueryExecution": described(self._executions.get(request["QueryExecutionId"]))}

    def _batch(self, request: Request) -> Document:
        found, missing = [], []
        for execution in request["QueryExecutionIds"]:
            try:
                found.append(described(self._executions.get(execution)))
            except AwsError as error:
                missing.append(
                    {"QueryExecutionId": execution, "ErrorCode": "INVALID_INPUT", "ErrorMessage": error.message}
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def _list(self, request: Request) -> Document:
        workgroup = request.get("WorkGroup") or "primary"
        self._workgroups.get(workgroup)
        found, following = pages.page(self._executions.ids(workgroup), request, 50)
        return {"QueryExecutionIds": found, **following}

    def _get_results(self, request: Request) -> Document:
        document = self._executions.get(request["QueryExecutionId"])
        if document["state"] not in ENDED:
            raise invalid(
                f"Query has not yet finished. Current state: {document['state']}", "INVALID_QUERY_EXECUTION_STATE"
            )
        if document["state"] != "SUCCEEDED":
            raise invalid(
                f"Query did not finish successfully. Final query state: {document['state']}",
                "INVALID_QUERY_EXECUTION_STATE",
            )
        headings = headings_of(document)
        count = min(int(request.get("MaxResults", _PAGE_ROWS)), _PAGE_ROWS)
        position = pages.decode(request.get("NextToken"))
        answer: Document = {
            "ResultSet": {"Rows": [], "ResultSetMetadata": {"ColumnInfo": [column_info(h) for h in headings]}}
        }
        if "updates" in document:
            return {**answer, "UpdateCount": document["updates"]}
        if document["output"].endswith(".csv"):
            found = self._results.csv(document["output"], position, count)
        else:
            found = self._results.lines(document["output"], position, count, 1 if len(headings) == 1 else len(headings))
        answer["ResultSet"]["Rows"] = rows_of(found.rows)
        if found.position is not None:
            answer["NextToken"] = pages.encode(found.position)
        return {**answer, "UpdateCount": 0}

    def _runtime(self, request: Request) -> Document:
        document = self._executions.get(request["QueryExecutionId"])
        statistics = described(document)["Statistics"]
        times = {name: value for name, value in statistics.items() if name.endswith("InMillis")}
        return {
            "QueryRuntimeStatistics": {
                "Timeline": times,
                "Rows": {"InputBytes": statistics.get("DataScannedInBytes", 0)},
            }
        }

    # Workgroups with what is in them

    def _delete_workgroup(self, request: Request) -> Document:
        name = request["WorkGroup"]
        self._workgroups.get(name)
        named, prepared = self._named.in_workgroup(name), self._prepared.names(name)
        executions = self._executions.ids(name)
        if (named or prepared or executions) and not request.get("RecursiveDeleteOption"):
            raise invalid(f"WorkGroup {name} is not empty")
        self._workgroups.delete(name)
        for query in named:
            self._named.delete({"NamedQueryId": query})
        for statement in prepared:
            self._prepared.remove_quietly(name, statement)
        self._executions.delete_all(name)
        return {}

    def _tag(self, request: Request) -> Document:
        arn = request["ResourceARN"]
        known = {tag["Key"]: tag for tag in (self._tags.get(arn) or {}).get("Tags", ())}
        known |= {tag["Key"]: tag for tag in request["Tags"]}
        self._tags.put(arn, {"Tags": list(known.values())})
        return {}

    def _untag(self, request: Request) -> Document:
        arn = request["ResourceARN"]
        kept = [tag for tag in (self._tags.get(arn) or {}).get("Tags", ()) if tag["Key"] not in request["TagKeys"]]
        self._tags.put(arn, {"Tags": kept})
        return {}

    def _list_tags(self, request: Request) -> Document:
        found, following = pages.page((self._tags.get(request["ResourceARN"]) or {}).get("Tags", []), request, 75)
        return {"Tags": found, **following}


def _error(category: Category, kind: Kind, message: str, *, retryable: bool = False) -> Document:
    return {"ErrorCategory": int(category), "ErrorType": int(kind), "Retryable": retryable, "ErrorMessage": message}


def _fingerprint(document: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """What must be equal for a result to be used again."""
    parts = [
        fingerprint_text(document["text"]),
        document["catalog"],
        document["database"],
        document["workgroup"],
        dict(result),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def create(world: World) -> Athena:
    """The service of an endpoint."""
    return Athena(world)
