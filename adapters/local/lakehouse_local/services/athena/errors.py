"""Athena's refusals, as it words them."""

from lakehouse_local.services.service import AwsError


def invalid(message: str, code: str = "INVALID_INPUT") -> AwsError:
    """A request that fits the model and means nothing, or names what does not exist."""
    return AwsError("InvalidRequestException", message, AthenaErrorCode=code)


def metadata(message: str) -> AwsError:
    """The Data Catalog does not have it."""
    return AwsError("MetadataException", message)


def not_found(message: str, name: str) -> AwsError:
    """Something of Athena's own that does not exist."""
    return AwsError("ResourceNotFoundException", message, ResourceName=name)
