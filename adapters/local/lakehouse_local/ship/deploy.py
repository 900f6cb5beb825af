"""What jobs and analysts need in S3: the wheel, the jobs' scripts, the queries; uploaded where their bytes differ.

Keys are those that Terraform's jobs name. S3 checks each object's SHA-256 on arrival, and keeps it as metadata, so that
a plan compares what is there with what would be without a download.
"""

import base64
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError

from lakehouse_local.providers.s3_client import ABSENT
from lakehouse_local.ship.errors import CheckoutInvalid, WheelNotBuilt

FOLDERS = (
    ("jobs", "adapters/aws/jobs", "*.py"),
    ("queries/bronze", "infra/terraform/modules/query/bronze", "*.sql"),
    ("queries/gold", "infra/terraform/modules/query/gold", "*.sql"),
)
"""Where files go below the scripts bucket, where they are in a checkout, and which."""

State = Literal["new", "changed", "same"]


@dataclass(frozen=True)
class Artifact:
    """One object as it should be."""

    key: str
    body: bytes

    @property
    def sha256(self) -> str:
        """Of the bytes, in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def checksum(self) -> str:
        """The same as S3 writes it: Base64."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode()


@dataclass(frozen=True)
class Step:
    """What a deployment does to one object: nothing where its bytes are there already."""

    key: str
    state: State
    bytes: int
    sha256: str


def artifacts(checkout: Path) -> tuple[Artifact, ...]:
    """Everything that is uploaded, the wheel built from the checkout; the same bytes from the same sources.

    Raises:
        CheckoutInvalid: the folder is not one of this project.
        WheelNotBuilt: the build failed; its words are in the error.
    """
    if not (checkout / "pyproject.toml").is_file() or not (checkout / FOLDERS[0][1]).is_dir():
        raise CheckoutInvalid(
            f"{checkout} is no checkout of the lakehouse: it lacks pyproject.toml or {FOLDERS[0][1]}",
            hint="run it in the repository's folder, or name that: --checkout DIR",
        )
    return (_wheel(checkout), *_files(checkout))


def steps(s3: Any, bucket: str, wanted: tuple[Artifact, ...]) -> tuple[Step, ...]:
    """What a deployment would do, object by object; ClientError where the bucket is not there, or somebody else's."""
    s3.head_bucket(Bucket=bucket)  # in a bucket that is not there, every object would pass for new
    return tuple(Step(each.key, _state(s3, bucket, each), len(each.body), each.sha256) for each in wanted)


def apply(s3: Any, bucket: str, wanted: tuple[Artifact, ...]) -> tuple[Step, ...]:
    """Upload what is new or has changed, the wheel first: a new script never meets an old wheel. What was done."""
    planned = steps(s3, bucket, wanted)
    for step, each in zip(planned, wanted, strict=True):
        if step.state != "same":
            s3.put_object(
                Bucket=bucket,
                Key=each.key,
                Body=each.body,
                ChecksumSHA256=each.checksum,
                Metadata={"sha256": each.sha256},
            )
    return planned


def _state(s3: Any, bucket: str, wanted: Artifact) -> State:
    try:
        found = s3.head_object(Bucket=bucket, Key=wanted.key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return "new"
        raise
    return "same" if found["Metadata"].get("sha256") == wanted.sha256 else "changed"


def _wheel(checkout: Path) -> Artifact:
    """Built by hatchling, whose wheels are reproducible: fixed times, sorted entries."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
        built = sorted(Path(folder).glob("*.whl"))
        if done.returncode or not built:
            *_, last = (done.stderr or done.stdout).strip().splitlines() or ["hatchling said nothing"]
            raise WheelNotBuilt(
                f"the wheel was not built: {last}",
                hint=f"see it whole: {sys.executable} -m hatchling build -t wheel",
            )
        return Artifact(f"wheels/{built[0].name}", built[0].read_bytes())


def _files(checkout: Path) -> Iterator[Artifact]:
    for prefix, folder, pattern in FOLDERS:
        for path in sorted((checkout / folder).glob(pattern)):
            yield Artifact(f"{prefix}/{path.name}", path.read_bytes())
