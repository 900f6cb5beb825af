"""Glue's refusals, as it words them."""

from lakehouse_local.services.service import AwsError

__all__ = ["AwsError", "exists", "invalid", "not_found"]


def not_found(message: str) -> AwsError:
    """Something that is asked for by name does not exist."""
    return AwsError("EntityNotFoundException", message)


def exists(message: str) -> AwsError:
    """A name is taken."""
    return AwsError("AlreadyExistsException", message)


def invalid(message: str) -> AwsError:
    """An input that fits the model and means nothing."""
    return AwsError("InvalidInputException", message)
