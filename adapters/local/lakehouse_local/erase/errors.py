"""Errors of an erasure."""

from lakehouse_core.errors import LakehouseError


class NoSuchCustomer(LakehouseError):
    """A customer was to be erased whom the lake has never seen, or who is another tenant's."""

    code = "no-such-customer"
    exit_code = 2


class ErasureTooNarrow(LakehouseError):
    """Personal columns stand where an erasure would not look for them."""

    code = "erasure-too-narrow"
