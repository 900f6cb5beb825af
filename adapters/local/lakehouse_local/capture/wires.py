"""The wires by name."""

from lakehouse_local.capture.debezium import DebeziumSettings, DebeziumWire
from lakehouse_local.capture.dms import PER_TABLE_WIRE, POC_WIRE
from lakehouse_local.capture.errors import WireUnknown
from lakehouse_local.capture.wire import Wire

WIRES = (POC_WIRE.name, PER_TABLE_WIRE.name, DebeziumWire.name)


def wire_named(name: str, database: str) -> Wire:
    """The wire of that name.

    Args:
        name: one of :data:`WIRES`.
        database: the source database's name, which Debezium's events carry.

    Raises:
        WireUnknown: it says what there is.
    """
    for wire in (POC_WIRE, PER_TABLE_WIRE):
        if name == wire.name:
            return wire
    if name == DebeziumWire.name:
        return DebeziumWire(DebeziumSettings(database=database))
    raise WireUnknown(f"no wire is called {name!r}; there are {', '.join(WIRES)}", hint="--wire dms")
