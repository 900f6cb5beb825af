"""What AWS refuses, in one clear line each: moto with its IAM turned on."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests

from lakehouse_aws.errors import BucketMissing, NotAllowed
from lakehouse_aws.storage import S3Storage
from lakehouse_core.contracts import Naming
from lakehouse_core.errors import ObjectMissing
from lakehouse_local.environment import S3Part
from lakehouse_local.providers import s3_client
from lakehouse_local.providers.servers import running_s3
from lakehouse_local.settings import Settings

BUCKET = Naming().bucket("silver")


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Part) -> Iterator[S3Storage]:
    """The storage of a role that may list the silver bucket and no more."""
    home = tmp_path_factory.mktemp("strict")
    with running_s3(Settings(home, home, s3="moto")) as part:

        def client(service: str, key: str, secret: str) -> Any:
            return boto3.session.Session().client(
                service,
                endpoint_url=part.endpoint,
                region_name=s3_server.region,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
            )

        iam = client("iam", part.access_key, part.secret_key)
        iam.create_user(UserName="job")
        statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="job", PolicyName="list", PolicyDocument=policy)
        key = iam.create_access_key(UserName="job")["AccessKey"]
        requests.post(f"{part.endpoint}/moto-api/reset-auth", data="0", timeout=5).raise_for_status()
        yield S3Storage(client("s3", key["AccessKeyId"], key["SecretAccessKey"]))


def test_a_role_that_may_not(storage: S3Storage) -> None:
    """Listing works; reading and writing are refused, and what was tried is named."""
    assert list(storage.keys(BUCKET, "")) == []
    for act in (
        lambda: storage.get(BUCKET, "a"),
        lambda: storage.put(BUCKET, "a", b""),
        lambda: storage.put_if_absent(BUCKET, "a", b""),
    ):
        with pytest.raises(NotAllowed, match=f"s3://{BUCKET}/a: the job's role is refused"):
            act()


def test_a_bucket_that_is_not_there(s3: S3Part) -> None:
    """Another suffix, or another account's bucket; a missing object is another matter."""
    there = S3Storage(s3_client.client(s3))
    with pytest.raises(BucketMissing, match="no bucket nobody-s"):
        list(there.keys("nobody-s", ""))
    with pytest.raises(ObjectMissing):
        there.get(BUCKET, "nothing")
    assert there.put_if_absent(BUCKET, "a", b"1")
    assert not there.put_if_absent(BUCKET, "a", b"2")
    assert there.get(BUCKET, "a") == b"1"
