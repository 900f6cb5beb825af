"""Tags of every resource that has an address."""

from dataclasses import dataclass

from lakehouse_local.services.dms.common import Answer, Arns, Request, not_found
from lakehouse_local.services.service import Operation
from lakehouse_local.services.state import State

_KINDS = ("instance", "endpoint", "task", "subnet-group", "certificate", "subscription")


class Tags:
    """Keeps them by address."""

    def __init__(self, state: State) -> None:
        self._tags = state.collection("dms.tags")
        self._resources = [state.collection(f"dms.{kind}") for kind in _KINDS]

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "AddTagsToResource": self._add,
            "ListTagsForResource": self._list,
            "RemoveTagsFromResource": self._remove,
        }

    def set(self, arn: str, request: Request) -> None:
        """Tags that a create request brings."""
        if request.get("Tags"):
            self._tags.put(arn, {tag["Key"]: tag.get("Value", "") for tag in request["Tags"]})

    def forget(self, arn: str) -> None:
        """The resource is gone."""
        self._tags.delete(arn)

    def _of(self, arn: str) -> dict[str, str]:
        if not any(resources.get(arn) for resources in self._resources):
            raise not_found(f"Resource {arn} not found.")
        return self._tags.get(arn) or {}

    def _add(self, request: Request) -> Answer:
        arn = request["ResourceArn"]
        self._tags.put(arn, self._of(arn) | {tag["Key"]: tag.get("Value", "") for tag in request["Tags"]})
        return {}

    def _remove(self, request: Request) -> Answer:
        arn = request["ResourceArn"]
        self._tags.put(arn, {key: value for key, value in self._of(arn).items() if key not in request["TagKeys"]})
        return {}

    def _list(self, request: Request) -> Answer:
        arns = [request["ResourceArn"]] if "ResourceArn" in request else request.get("ResourceArnList", [])
        many = "ResourceArnList" in request
        return {
            "TagList": [
                {"Key": key, "Value": value, **({"ResourceArn": arn} if many else {})}
                for arn in arns
                for key, value in sorted(self._of(arn).items())
            ]
        }


@dataclass(frozen=True)
class Registry:
    """What every kind of resource is kept with."""

    state: State
    arns: Arns
    tags: Tags
