"""All eight tables of a seed, in the order of the foreign keys."""

from collections.abc import Iterator

import numpy as np

from source_app.generate import billing, events, orders, parent_cells, parents
from source_app.generate.copytext import Table
from source_app.generate.defects import Manifest, Planter
from source_app.progress import Progress
from source_app.scales import Scale


def tables(scale: Scale, seed: int, manifest: Manifest, progress: Progress) -> Iterator[tuple[str, Table]]:
    """Each table's name and cells in turn; ``manifest`` is filled as they come.

    Every part draws from a stream of its own, so that a change to one leaves the others' rows alone.
    """
    streams = np.random.SeedSequence(seed).spawn(5)
    for_parents, for_orders, for_events, for_billing, for_defects = (np.random.default_rng(one) for one in streams)
    planter = Planter(for_defects, manifest)
    made = parents.build(scale, seed, for_parents, progress)
    yield "core_tenant", parent_cells.tenants(made, planter)
    yield "core_customer", parent_cells.customers(made, planter)
    yield "core_product", parent_cells.products(made, planter)
    placed, order_cells, line_cells = orders.build(scale, made, for_orders, planter)
    yield "core_order", order_cells
    yield "core_orderitem", line_cells
    yield "core_event", events.build(scale, made, placed, for_events, planter)
    subscription_cells, invoice_cells = billing.build(scale, made, for_billing, planter)
    yield "core_subscription", subscription_cells
    yield "core_invoice", invoice_cells
