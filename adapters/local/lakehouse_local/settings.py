"""What a user can set, read once at the edge: everything below gets values."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import platformdirs

from lakehouse_core.contracts import Naming
from lakehouse_local.errors import SettingInvalid


@dataclass(frozen=True)
class Settings:
    """One lakehouse's settings.

    ``home`` holds this lakehouse's state (servers' data, exports), ``cache`` what can be made again
    (jars, LocalStack's environment, seeds). ``postgres`` and ``s3`` are ``auto``, a provider's name, or an address.
    ``java_options`` come behind ours on the command line of Spark's JVM.
    ``extensions`` name functions (``module:function``) that add tables, columns, rules and marts.

    ``spark_master`` other than ``local`` means executors in processes of their own: each takes ``executor_memory`` and
    ``executor_cores`` (None: as many as its worker has), and reaches the driver at ``driver_host``.

    ``glue_python`` is the Python that Glue's jobs run in: this one, unless there is one with exactly Glue's packages.
    """

    home: Path
    cache: Path
    postgres: str = "auto"
    s3: str = "auto"
    spark_master: str = "local[*]"
    driver_memory: str = "2g"
    java_options: str = ""
    extensions: tuple[str, ...] = ()
    driver_host: str = "127.0.0.1"
    executor_memory: str = "1g"
    executor_cores: int | None = None
    glue_python: str = sys.executable
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
        java_options=environ.get("LAKEHOUSE_JAVA_OPTIONS", ""),
        extensions=tuple(environ.get("LAKEHOUSE_EXTENSIONS", "").split()),
        driver_host=environ.get("LAKEHOUSE_DRIVER_HOST", "127.0.0.1"),
        executor_memory=environ.get("LAKEHOUSE_EXECUTOR_MEMORY", "1g"),
        executor_cores=_number(environ, "LAKEHOUSE_EXECUTOR_CORES"),
        glue_python=environ.get("LAKEHOUSE_GLUE_PYTHON") or sys.executable,
    )


def _number(environ: Mapping[str, str], name: str) -> int | None:
    """A variable's positive whole number, None where it is not set."""
    text = environ.get(name)
    if text is None:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise SettingInvalid(f"{name} is {text!r}, not a number from 1", hint=f"{name}=2, or leave it out")
    return int(text)


def to_json(settings: Settings) -> str:
    """Settings as text, for a process of ours."""
    return json.dumps(asdict(settings), default=str)


def from_json(text: str) -> Settings:
    """Settings from the text of ``to_json``."""
    fields = json.loads(text)
    places = {name: Path(fields[name]) for name in ("home", "cache")}
    extensions = tuple(fields["extensions"])
    return Settings(**{**fields, **places, "extensions": extensions, "naming": Naming(**fields["naming"])})
