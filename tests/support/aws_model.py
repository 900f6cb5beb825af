"""Answers held to botocore's model, more strictly than boto3 does: SDKs of other languages stop where it forgives."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.validate import validate_parameters

from lakehouse_local.services.service import Service

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
    "blob": (bytes,),
}


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """Botocore's model of an operation."""
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


def call(service: Service, operation: str, **request: Any) -> dict[str, Any]:
    """Call an operation with a request that fits the model; what it answers must fit too."""
    model = operation_model(service.name, operation)
    if model.input_shape is not None:
        validate_parameters(request, model.input_shape)
    answer = service.operations[operation](request)
    if model.output_shape is not None:
        hold(model.output_shape, answer, operation)
    return answer


def hold(shape: Shape, value: Any, path: str) -> None:
    """Fail where the value is not what the shape says: types, unknown or missing members, nulls, values of enums."""
    if isinstance(shape, StructureShape):
        assert isinstance(value, dict), f"{path} is {value!r}"
        assert not set(value) - set(shape.members), f"{path} has the unknown members {set(value) - set(shape.members)}"
        assert not set(shape.required_members) - set(value), f"{path} lacks {set(shape.required_members) - set(value)}"
        for name, each in value.items():
            hold(shape.members[name], each, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        assert isinstance(value, list), f"{path} is {value!r}"
        for at, each in enumerate(value):
            hold(shape.member, each, f"{path}[{at}]")
    elif isinstance(shape, MapShape):
        assert isinstance(value, dict), f"{path} is {value!r}"
        for name, each in value.items():
            hold(shape.value, each, f"{path}.{name}")
    else:
        wanted = _TYPES[shape.type_name]
        right = isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
        assert right, f"{path} is {value!r}, no {shape.type_name}"
        allowed = shape.metadata.get("enum")
        assert not allowed or value in allowed, f"{path} is {value!r}, none of {allowed}"
