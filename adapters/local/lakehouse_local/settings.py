"""What a user can set, read once at the edge: everything below gets values."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import platformdirs

from lakehouse_core.contracts import Naming


@dataclass(frozen=True)
class Settings:
    """One lakehouse's settings.

    ``home`` holds this lakehouse's state (servers' data, exports), ``cache`` what can be made again
    (jars, LocalStack's environment, seeds). ``postgres`` and ``s3`` are ``auto``, a provider's name, or an address.
    """

    home: Path
    cache: Path
    postgres: str = "auto"
    s3: str = "auto"
    spark_master: str = "local[*]"
    driver_memory: str = "2g"
    naming: Naming = field(default_factory=Naming)


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that ``LAKEHOUSE_*`` variables give; the defaults where there are none."""
    home = Path(environ.get("LAKEHOUSE_HOME", ".lakehouse")).absolute()
    cache = Path(environ.get("LAKEHOUSE_CACHE") or platformdirs.user_cache_dir("lakehouse"))
    return Settings(
        home=home,
        cache=cache,
        postgres=environ.get("LAKEHOUSE_POSTGRES", "auto"),
        s3=environ.get("LAKEHOUSE_S3", "auto"),
        spark_master=environ.get("LAKEHOUSE_SPARK_MASTER", "local[*]"),
        driver_memory=environ.get("LAKEHOUSE_DRIVER_MEMORY", "2g"),
    )


def to_json(settings: Settings) -> str:
    """Settings as text, for a process of ours."""
    return json.dumps(asdict(settings), default=str)


def from_json(text: str) -> Settings:
    """Settings from the text of ``to_json``."""
    fields = json.loads(text)
    places = {name: Path(fields[name]) for name in ("home", "cache")}
    return Settings(**{**fields, **places, "naming": Naming(**fields["naming"])})
