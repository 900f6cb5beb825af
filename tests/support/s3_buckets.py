"""The buckets of an S3 that tests share."""

from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client


def empty_buckets(part: S3Part) -> None:
    """Delete every object."""
    s3 = client(part)
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=bucket["Name"], Key=item["Key"])
