"""A small stand-in for AWS Glue's ``awsglue``, on a local job's path only.

It has what jobs use most, written anew against the public documentation; what it lacks raises an error that says so.
"""


class NotInStandIn(NotImplementedError):
    """A part of awsglue that this stand-in does not have."""

    def __init__(self, name: str, there_is: str = "") -> None:
        hint = f"; there is {there_is}" if there_is else ""
        super().__init__(f"{name} is not in the local stand-in for awsglue{hint}")
