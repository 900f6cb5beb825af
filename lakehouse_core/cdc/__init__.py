"""The change log and its folds: current state, versions, and an account of what a batch did."""

from lakehouse_core.cdc.account import Account, account, account_of_load, late_keys, truncates
from lakehouse_core.cdc.lineage import Link, links_of
from lakehouse_core.cdc.state import Floor, buried, fold, newest, state_columns
from lakehouse_core.cdc.versions import versions

__all__ = [
    "Account",
    "Floor",
    "Link",
    "account",
    "account_of_load",
    "buried",
    "fold",
    "late_keys",
    "links_of",
    "newest",
    "state_columns",
    "truncates",
    "versions",
]
