"""Job arguments: what overlays what, and what the special ones mean. Source: Glue Developer Guide, job parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse_local.engines.jobs.errors import LaunchFailed

FORMATS = ("hudi", "delta")
_REFUSED = {
    "--enable-glue-datacatalog": "Spark's catalog cannot be the Glue Data Catalog here (its client is not public); "
    "read with create_dynamic_frame.from_catalog, or by path",
}


@dataclass(frozen=True)
class Special:
    """The arguments that say how to start, read."""

    py_files: tuple[str, ...]
    modules: tuple[str, ...]
    jars: tuple[str, ...]
    files: tuple[str, ...]
    formats: tuple[str, ...]
    conf: Mapping[str, str]
    continuous_log: bool


def merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """Arguments over arguments: a later layer wins."""
    return {name: value for layer in layers for name, value in layer.items()}


def special(arguments: Mapping[str, str]) -> Special:
    """What the special arguments ask for; LaunchFailed for what this machine cannot do."""
    for name, why in _REFUSED.items():
        if arguments.get(name, "false").lower() != "false":
            raise LaunchFailed(f"{name} is not supported: {why}")
    if arguments.get("--job-language", "python") != "python":
        raise LaunchFailed(f"--job-language {arguments['--job-language']} is not supported: scripts are Python here")
    formats = _listed(arguments, "--datalake-formats")
    if unknown := [each for each in formats if each not in FORMATS]:
        raise LaunchFailed(f"--datalake-formats {', '.join(unknown)}: there are {', '.join(FORMATS)}")
    return Special(
        py_files=_listed(arguments, "--extra-py-files"),
        modules=_listed(arguments, "--additional-python-modules"),
        jars=_listed(arguments, "--extra-jars"),
        files=_listed(arguments, "--extra-files"),
        formats=formats,
        conf=conf(arguments.get("--conf", "")),
        continuous_log=arguments.get("--enable-continuous-cloudwatch-log", "false").lower() == "true",
    )


def conf(text: str) -> dict[str, str]:
    """Spark settings out of one argument.

    >>> conf("spark.a=1 --conf spark.b=x=y")
    {'spark.a': '1', 'spark.b': 'x=y'}
    """
    found = {}
    for part in text.split("--conf "):
        if part.strip():
            name, equals, value = part.strip().partition("=")
            if not equals:
                raise LaunchFailed(f"--conf {part.strip()!r} is not name=value")
            found[name.strip()] = value.strip()
    return found


def argv(arguments: Mapping[str, str]) -> Sequence[str]:
    """The script's command line."""
    return [part for name, value in arguments.items() for part in ((name, value) if value else (name,))]


def _listed(arguments: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in arguments.get(name, "").split(",") if part.strip())
