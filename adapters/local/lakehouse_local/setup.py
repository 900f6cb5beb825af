"""Everything that a run or a test needs and that must be fetched once: jars, LocalStack, the class-data archive."""

import sys

from rich.console import Console

from lakehouse_core.errors import LakehouseError
from lakehouse_local import settings
from lakehouse_local.providers import localstack
from lakehouse_local.spark import cds, jars, java


def main() -> None:
    """Make what is missing, say what is being made, and do nothing where all is there."""
    out = Console(stderr=True)
    chosen = settings.from_environment()
    try:
        runtime = java.ensure(chosen.cache, out.print)
        jars.ensure(chosen.cache, out.print)
        localstack.ensure(chosen.cache, out.print)
        cds.ensure(chosen, runtime, out.print)
    except LakehouseError as error:
        out.print(f"[bold red]error[/] ({error.code}) {error}")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
