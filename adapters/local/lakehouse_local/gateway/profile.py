"""Configuration files for AWS's tools, of the endpoint's own: the user's ``~/.aws`` has no say and is not touched."""

from pathlib import Path

from lakehouse_local.environment import S3Part

PROFILES = ("default", "ramses")
"""``ramses`` is the profile of the proof-of-concept document's commands."""


def write(folder: Path, s3: S3Part, endpoint: str) -> None:
    """Write ``config`` and ``credentials`` (readable by the owner alone) into the folder."""
    config, credentials = [], []
    for name in PROFILES:
        config += [f"[{name if name == 'default' else f'profile {name}'}]", f"region = {s3.region}"]
        config += ["output = json", f"endpoint_url = {endpoint}", ""]
        credentials += [f"[{name}]", f"aws_access_key_id = {s3.access_key}"]
        credentials += [f"aws_secret_access_key = {s3.secret_key}", ""]
    for name, lines in (("config", config), ("credentials", credentials)):
        file = folder / name
        file.touch(mode=0o600)
        file.write_text("\n".join(lines))
