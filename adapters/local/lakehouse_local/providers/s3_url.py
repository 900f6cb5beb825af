"""An S3 that somebody else runs: AWS itself, MinIO, a LocalStack of yours."""

from pathlib import Path
from urllib.parse import urlsplit

import boto3

from lakehouse_local.environment import S3Part
from lakehouse_local.providers.errors import S3Refused
from lakehouse_local.providers.s3_client import check


class UrlS3:
    """The S3 behind a URL, with the credentials that the AWS SDK finds."""

    name = "url"
    keeps_data = True

    def __init__(self, url: str) -> None:
        self._url = url

    def obstacle(self) -> str | None:
        """None: that it works is found out by ``start``, which says what does not."""
        return None

    def start(self, home: Path, why: str) -> S3Part:  # noqa: ARG002 (the Protocol's shape)
        """Check that it answers; S3Unreachable or S3Refused if not."""
        if urlsplit(self._url).scheme not in {"http", "https"}:
            raise S3Refused(f"LAKEHOUSE_S3={self._url} is no http(s) address", hint="LAKEHOUSE_S3=https://host:port")
        session = boto3.Session()
        credentials = session.get_credentials()
        if credentials is None:
            raise S3Refused(
                f"no AWS credentials for {self._url} were found", hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        part = S3Part(
            provider=self.name,
            why=why,
            version=f"S3 at {self._url}",
            endpoint=self._url,
            access_key=str(credentials.access_key),
            secret_key=str(credentials.secret_key),
            region=session.region_name or "us-west-2",
        )
        check(part)
        return part

    def ended(self) -> str | None:
        """None: it is not ours to watch."""
        return None

    def stop(self) -> None:
        """Nothing: it is not ours to stop."""

    def discard(self, home: Path) -> None:
        """Nothing: its data is not ours."""
