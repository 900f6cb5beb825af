"""The copies of S3's objects that queries share."""

from pathlib import Path

from lakehouse_local.environment import S3Part
from lakehouse_local.query.files import Files
from lakehouse_local.storage import S3Storage

BUCKET = "lakehouse-poc-dev-silver-ti4jmrk8"


def test_a_copy_that_another_query_renames_is_no_error(s3: S3Part, tmp_path: Path) -> None:
    """What is gone between the folder's listing and the look at it is passed over."""
    S3Storage(s3).put(BUCKET, "a", b"1")
    (tmp_path / "renamed.part").symlink_to(tmp_path / "gone")
    files = Files(s3, tmp_path)
    assert [path.read_bytes() for path in files.local(files.listed(BUCKET, ""))] == [b"1"]
