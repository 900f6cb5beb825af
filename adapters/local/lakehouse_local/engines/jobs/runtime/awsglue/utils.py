"""``getResolvedOptions``: a job's arguments by name. Source: Glue Developer Guide, accessing job parameters."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import NotInStandIn

RESERVED = (
    "job-bookmark-option",
    "job-bookmark-from",
    "job-bookmark-to",
    "JOB_ID",
    "JOB_RUN_ID",
    "SECURITY_CONFIGURATION",
)


class GlueArgumentError(Exception):
    """A required argument is missing, or one is not understood."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str]:
    """The values of the named arguments (``--NAME value``), and the reserved ones that are there.

    Raises GlueArgumentError if a named argument is missing, RuntimeError if a reserved name is asked for.
    """
    if taken := [name for name in options if name in RESERVED]:
        raise RuntimeError(f"Using reserved arguments {taken}")
    parser = _Parser(prog=args[0] if args else sys.argv[0], add_help=False)
    for name in options:
        parser.add_argument(f"--{name}", required=True)
    for name in (*RESERVED, "TempDir"):
        if name not in options:
            parser.add_argument(f"--{name}")
    found, _ = parser.parse_known_args(list(args[1:]))
    values = {name: value for name, value in vars(found).items() if value is not None}
    values.setdefault("job_bookmark_option", "job-bookmark-disable")
    return values


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotInStandIn(f"awsglue.utils.{name}", "getResolvedOptions, GlueArgumentError")
