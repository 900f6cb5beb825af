"""How many rows each scale has, exactly. Source: data model, section "Source"."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from source_app.errors import UnknownScale


@dataclass(frozen=True)
class Scale:
    """Rows per table."""

    tenants: int
    customers: int
    products: int
    orders: int
    order_items: int
    events: int
    subscriptions: int
    invoices: int

    @property
    def by_table(self) -> Mapping[str, int]:
        """Rows by physical table name, in the order of the foreign keys."""
        return MappingProxyType(dict(zip(TABLES, asdict(self).values(), strict=True)))

    @property
    def total(self) -> int:
        """Rows of the eight tables together."""
        return sum(self.by_table.values())


TABLES = (
    "core_tenant",
    "core_customer",
    "core_product",
    "core_order",
    "core_orderitem",
    "core_event",
    "core_subscription",
    "core_invoice",
)

SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        "small": Scale(2, 128, 16, 1_024, 3_072, 6_400, 38, 200),
        "medium": Scale(8, 6_400, 800, 51_200, 153_600, 320_000, 1_920, 10_000),
        "large": Scale(80, 64_000, 8_000, 512_000, 1_536_000, 3_200_000, 19_200, 100_000),
    }
)


def scale_named(name: str) -> Scale:
    """The scale of that name; UnknownScale says which there are."""
    try:
        return SCALES[name]
    except KeyError:
        raise UnknownScale(f"no scale is called {name!r}; there are {', '.join(SCALES)}", "--scale medium") from None
