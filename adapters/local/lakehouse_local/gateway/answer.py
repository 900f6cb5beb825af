"""A JSON 1.1 request to a service of our own, from its bytes to the bytes of its answer."""

import json
import sys
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, StructureShape

from lakehouse_local.gateway import shapes
from lakehouse_local.services.service import AwsError, Service

CONTENT_TYPE = "application/x-amz-json-1.1"
INVALID = {
    "glue": "ValidationException",
    "athena": "InvalidRequestException",
    "dms": "InvalidParameterValueException",
}
"""How each service calls a request that breaks its model."""
LOOSE_ENUMS = frozenset({"dms"})
"""Who takes enumerations in either case, and answers them as they were given (Terraform: GZIP, SSE_S3)."""


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    request_id: str


def refusal(code: str, message: str, status: int = 400) -> Answer:
    """An error in AWS's shape; 4xx throughout, because SDKs repeat what gets a 5xx."""
    return _refused(code, {"message": message}, status)


def _refused(code: str, members: Mapping[str, Any], status: int = 400) -> Answer:
    return Answer(status, json.dumps({"__type": code, **members}).encode(), str(uuid.uuid4()))


class Answerer:
    """One service's; its model is read when it is first needed."""

    def __init__(self, service: Service, load: Callable[[str], ServiceModel] | None = None) -> None:
        self.service = service
        self._load = load or _load
        self._model: ServiceModel | None = None

    @property
    def model(self) -> ServiceModel:
        """The service's model, as botocore has it."""
        if self._model is None:
            self._model = self._load(self.service.name)
        return self._model

    def __call__(self, target: str, body: bytes) -> Answer:
        """Answer one request; ``target`` is its X-Amz-Target."""
        prefix, _, name = target.partition(".")
        if prefix != self.model.metadata["targetPrefix"] or name not in self.model.operation_names:
            return refusal("UnknownOperationException", f"{self.service.name} has no operation {name or target!r}")
        operation = self.service.operations.get(name)
        if operation is None:
            return self._not_done(name)
        model, loose = self.model.operation_model(name), self.service.name in LOOSE_ENUMS
        try:
            request = shapes.request(model.input_shape, json.loads(body or b"{}"), loose_enums=loose)
        except (ValueError, RecursionError, shapes.NotOfThatType) as error:
            return refusal("SerializationException", str(error) or "malformed JSON")
        except shapes.Problems as error:
            count = len(error.found)
            text = f"{count} validation error{'s' if count > 1 else ''} detected: {error}"
            return self._error(AwsError(INVALID.get(self.service.name, "ValidationException"), text))
        return self._carried_out(name, model, lambda: operation(request))

    def _carried_out(self, name: str, model: OperationModel, operation: Callable[[], Mapping[str, Any]]) -> Answer:
        try:
            loose = self.service.name in LOOSE_ENUMS
            answer = shapes.answer(model.output_shape, operation(), loose_enums=loose)
        except AwsError as error:
            return self._error(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets JSON, and the log the rest
            request_id = str(uuid.uuid4())
            sys.stderr.write(f"{self.service.name} {name} (request {request_id}) failed:\n{traceback.format_exc()}")
            sys.stderr.flush()
            return refusal("InternalFailure", f"{name} failed in the local endpoint: {type(error).__name__}: {error}")
        return Answer(200, json.dumps(answer).encode(), str(uuid.uuid4()))

    def _not_done(self, name: str) -> Answer:
        if reason := self.service.refused.get(name):
            return refusal("InvalidRequestException", f"{name} is refused here as by AWS: {reason}")
        return refusal(
            "NotImplementedException",
            f"{self.service.name}:{name} is not done by the local endpoint yet; lakehouse status --calls lists what is",
        )

    def _error(self, error: AwsError) -> Answer:
        """The error with the members of its shape; its message is called Message or message, as the model has it."""
        named = "message"
        for shape in self.model.error_shapes:
            if shape.name == error.code and isinstance(shape, StructureShape):
                named = next((name for name in shape.members if name.lower() == "message"), named)
        return _refused(error.code, {named: error.message, **error.members})


def _load(name: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(name)
