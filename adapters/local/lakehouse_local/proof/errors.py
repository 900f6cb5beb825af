"""What keeps a proof from being made (a difference that it finds is no error but its result)."""

from lakehouse_core.errors import LakehouseError


class NoConsistentPoint(LakehouseError):
    """An open transaction kept the source from a consistent point."""

    code = "no-consistent-point"


class NothingToProve(LakehouseError):
    """Nothing was captured yet."""

    code = "nothing-to-prove"


class CaughtUpShort(LakehouseError):
    """Bronze or silver still ends before the consistent point."""

    code = "caught-up-short"
