"""What is planted wrong on purpose, how often, and where it was put."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from source_app.generate.rhythm import Ints

RATES: Mapping[str, float] = {
    "tenant.domain_valid": 0.125,
    "tenant.settings_shape": 0.25,
    "customer.email_valid": 0.01,
    "customer.phone_valid": 0.015,
    "customer.email_unique": 0.005,
    "customer.tenant_exists": 0.001,
    "product.price_valid": 0.01,
    "product.category_known": 0.02,
    "product.tenant_exists": 0.0025,
    "order.status_known": 0.002,
    "order.total_matches": 0.004,
    "order.tenant_exists": 0.0005,
    "order.customer_exists": 0.001,
    "order_item.quantity_valid": 0.002,
    "order_item.total_matches": 0.002,
    "order_item.order_exists": 0.0005,
    "order_item.product_exists": 0.0005,
    "event.type_known": 0.001,
    "event.metadata_shape": 0.002,
    "event.tenant_exists": 0.0002,
    "event.customer_exists": 0.0005,
    "subscription.status_known": 0.005,
    "subscription.interval_known": 0.005,
    "subscription.amount_valid": 0.01,
    "subscription.customer_exists": 0.005,
    "invoice.status_known": 0.003,
    "invoice.status_consistent": 0.005,
    "invoice.customer_exists": 0.002,
    "invoice.subscription_exists": 0.002,
}
"""Share of a table's rows by the id of the rule that must find them; at least one row each."""

Manifest = dict[str, list[dict[str, object]]]
"""Rule id -> rows that break it: table, id, what is wrong."""


@dataclass
class Planter:
    """Chooses rows to spoil, never one twice in a table, and remembers them."""

    rng: np.random.Generator
    manifest: Manifest = field(default_factory=lambda: {rule: [] for rule in RATES})
    _spoiled: dict[str, set[int]] = field(default_factory=dict)

    def choose(self, table: str, rule: str, rows: int, among: Ints | None = None) -> Ints:
        """Positions (0-based, ascending) of rows to spoil, ``rows`` being the table's size."""
        candidates = np.arange(rows) if among is None else among
        spoiled = self._spoiled.setdefault(table, set())
        if spoiled:
            candidates = candidates[~np.isin(candidates, np.fromiter(spoiled, dtype=np.int64))]
        wanted = min(max(1, round(RATES[rule] * rows)), len(candidates))
        chosen = np.sort(self.rng.choice(candidates, size=wanted, replace=False))
        spoiled.update(chosen.tolist())
        return chosen

    def reserve(self, table: str, position: int) -> None:
        """Keep a row that is part of another row's defect from being spoiled again."""
        self._spoiled.setdefault(table, set()).add(position)

    def is_spoiled(self, table: str, position: int) -> bool:
        """Whether the row was chosen or reserved."""
        return position in self._spoiled.get(table, ())

    def note(self, table: str, rule: str, row_id: int, what: str) -> None:
        """Write a spoiled row down."""
        self.manifest[rule].append({"table": table, "id": row_id, "what": what})
