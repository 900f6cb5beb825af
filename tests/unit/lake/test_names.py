"""Which table a name in a question means."""

import pytest

from lakehouse_core.contracts import Naming
from lakehouse_local.query.errors import AmbiguousTable, UnknownTable
from lakehouse_local.query.names import Kind, Relation, resolve

KNOWN = (
    Relation("silver", "orders", Kind.VIEW),
    Relation("silver", "targets", Kind.VIEW),
    Relation("gold", "targets", Kind.MART),
)


def test_a_name_in_two_layers_needs_its_layer() -> None:
    """Neither is guessed."""
    with pytest.raises(AmbiguousTable, match="targets is in silver and in gold") as found:
        resolve(KNOWN, Naming(), "", "targets")
    assert found.value.hint == "say silver.targets"
    assert resolve(KNOWN, Naming(), "gold", "TARGETS") is KNOWN[2]


def test_an_unknown_name_is_told_what_is_close() -> None:
    """And what there is."""
    with pytest.raises(UnknownTable, match=r"silver\.orders") as found:
        resolve(KNOWN, Naming(), "", "order")
    assert found.value.hint == "did you mean silver.orders?"
