"""Where this account is, and how its things are addressed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """The account that everything belongs to: the forward target's, so that ARNs of both agree."""

    id: str = "000000000000"
    region: str = "us-west-2"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource.

        >>> Account().arn("glue", "crawler/bronze")
        'arn:aws:glue:us-west-2:000000000000:crawler/bronze'
        """
        return f"arn:aws:{service}:{self.region}:{self.id}:{resource}"


def key(*parts: str) -> str:
    r"""A document's key out of names, none of which can hold a line break; sorts by the first name, then the second.

    >>> key("sales", "orders")
    'sales\norders'
    """
    return "\n".join(parts)
