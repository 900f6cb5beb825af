"""Reference pages that are written from the code: ``python -m lakehouse_local.reference errors > docs/reference/errors.md``."""

from collections.abc import Callable

from lakehouse_local.reference import cli, contracts, errors, gold

PAGES: dict[str, Callable[[], str]] = {
    "cli": cli.page,
    "contracts": contracts.page,
    "errors": errors.page,
    "gold": gold.page,
}
"""The pages' texts by their names below ``docs/reference``."""
