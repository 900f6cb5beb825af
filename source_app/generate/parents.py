"""Tenants, customers and products, made by the factories."""

from dataclasses import dataclass

import factory.random
import numpy as np

from source_app.core import factories, models
from source_app.core import vocabulary as words
from source_app.generate import rhythm
from source_app.generate.rhythm import DAY, END, HOUR, SECOND, START, Floats, Ints
from source_app.progress import Progress
from source_app.scales import Scale


@dataclass(frozen=True)
class Parents:
    """What everything else points at. Positions are 0-based (id - 1); customers and products ascend by birth.

    ``customer_tenant``, ``product_tenant`` are tenants' positions; ``*_born`` microseconds; ``price`` cents.
    """

    tenants: list[models.Tenant]
    customers: list[models.Customer]
    products: list[models.Product]
    currency: list[str]
    customer_tenant: Ints
    customer_born: Ints
    product_tenant: Ints
    product_born: Ints
    price: Ints
    popularity: Floats

    def products_of(self, tenant: int) -> Ints:
        """Positions of a tenant's products, by birth."""
        return np.flatnonzero(self.product_tenant == tenant)


def build(scale: Scale, seed: int, rng: np.random.Generator, progress: Progress) -> Parents:
    """The parents of a seed.

    Half of the customers move over from an older system in the first two weeks; the others sign up later.
    """
    factory.random.reseed_random(f"parents-{seed}")
    currency = [words.CURRENCIES[position % len(words.CURRENCIES)] for position in range(scale.tenants)]
    tenants = [
        factories.TenantFactory.build(id=position + 1, currency=currency[position], __sequence=position + 1)
        for position in range(scale.tenants)
    ]
    if len(tenants) > 2:
        tenants[-1].is_active = False

    migrated = scale.customers // 2
    born = np.concatenate(
        [
            START + 6 * HOUR + rng.integers(0, 14 * DAY, migrated),
            np.maximum(rhythm.instants(rng, scale.customers - migrated, rhythm.day_weights()), START + 6 * HOUR),
        ]
    )
    customer_born = np.sort(born)
    customer_tenant = rng.permutation(np.arange(scale.customers) % scale.tenants)
    customers = []
    for position, tenant in enumerate(customer_tenant.tolist()):
        customers.append(
            factories.CustomerFactory.build(
                id=position + 1, tenant=tenants[tenant], home=words.HOMES[currency[tenant]][0], __sequence=position + 1
            )
        )
        if position % 500 == 499:
            progress("customers", position + 1, scale.customers)

    late = rng.random(scale.products) < 0.15
    product_born = np.sort(np.where(late, rng.integers(START + 30 * DAY, END - 20 * DAY, scale.products), START + HOUR))
    product_born[: scale.tenants] = START + HOUR
    product_tenant = np.concatenate(
        [np.arange(scale.tenants), rng.permutation(np.arange(scale.products - scale.tenants) % scale.tenants)]
    )
    products = [
        factories.ProductFactory.build(id=position + 1, tenant=tenants[tenant], __sequence=position + 1)
        for position, tenant in enumerate(product_tenant.tolist())
    ]
    return Parents(
        tenants=tenants,
        customers=customers,
        products=products,
        currency=currency,
        customer_tenant=customer_tenant,
        customer_born=customer_born // SECOND * SECOND,
        product_tenant=product_tenant,
        product_born=product_born,
        price=np.array([int(product.price * 100) for product in products], dtype=np.int64),
        popularity=1 / (1 + rng.permutation(scale.products)) ** 0.6,
    )
