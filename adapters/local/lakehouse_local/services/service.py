"""What a service is to the gateway: operations by name, answers as values, errors by the names of AWS's own shapes."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Operation = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Takes a request that fits the service's model, gives an answer that fits it: times are epoch seconds, what is
absent is left out."""


class AwsError(Exception):
    """A refusal, as AWS words it: ``code`` is an error shape of the service's model, ``members`` its other members."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


class Service(Protocol):
    """One AWS service of our own.

    An operation of botocore's model that is in neither mapping is not done yet, and is answered so.
    """

    name: str
    """As botocore calls it: glue, athena, dms."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What is done, by operation."""
        ...

    @property
    def refused(self) -> Mapping[str, str]:
        """What AWS would refuse as well wherever it is called here, and why, by operation."""
        ...

    def close(self) -> None:
        """End everything that was started: no process or thread outlives the endpoint."""
        ...
