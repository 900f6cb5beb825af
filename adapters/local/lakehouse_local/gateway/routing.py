"""Whose a request is: the service, region and access key that its signature names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TARGETS = {"AWSGlue": "glue", "AmazonAthena": "athena", "AmazonDMSv20160101": "dms"}
"""The services of our own, by the first part of ``X-Amz-Target``."""

_SIGNATURE = re.compile(r"AWS4-\S+\s+Credential=([^/,\s]+)/(?:[^/,\s]+/)*?([^/,\s]+)/aws4_request")
_SIGNATURE_2 = re.compile(r"AWS ([^:\s]+):\S+")
_SCOPE = re.compile(r"([^/]+)/(?:[^/]+/)*([^/]+)/aws4_request")
S3 = "s3"


@dataclass(frozen=True)
class Route:
    """The service, as its signing name; the access key that signed, None for an unsigned request."""

    service: str
    access_key: str | None


def route(headers: Mapping[str, str], query: Mapping[str, str]) -> Route:
    """The route of a request: by its signature, else by its target, else S3's, which alone takes unsigned ones.

    >>> route({"Authorization": "AWS4-HMAC-SHA256 Credential=AK/20250101/us-west-2/glue/aws4_request, ..."}, {})
    Route(service='glue', access_key='AK')
    >>> route({}, {"X-Amz-Credential": "AK/20250101/us-west-2/s3/aws4_request"})
    Route(service='s3', access_key='AK')
    >>> route({"X-Amz-Target": "AWSGlue.GetTables"}, {})
    Route(service='glue', access_key=None)
    """
    authorization = headers.get("Authorization", "")
    if signed := _SIGNATURE.match(authorization):
        return Route(signed[2], signed[1])
    if scope := _SCOPE.fullmatch(query.get("X-Amz-Credential", "")):
        return Route(scope[2], scope[1])
    if old := _SIGNATURE_2.match(authorization):
        return Route(S3, old[1])
    if "AWSAccessKeyId" in query:
        return Route(S3, query["AWSAccessKeyId"])
    prefix = headers.get("X-Amz-Target", "").partition(".")[0]
    return Route(TARGETS.get(prefix, S3), None)
