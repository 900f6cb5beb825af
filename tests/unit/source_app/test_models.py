"""The models are the contracts' tables, and each has a factory that makes a valid row."""

import ast
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models

import source_app
from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_core.people.checks import check_domain, check_email, check_phone
from source_app import settings
from source_app.core import factories
from source_app.core.amounts import order_total
from source_app.dsn import django_database
from source_app.errors import DatabaseUnreachable

_TYPES: dict[type[Any], str] = {
    models.BigAutoField: "bigint",
    models.ForeignKey: "bigint",
    models.DecimalField: "numeric({max_digits},{decimal_places})",
    models.CharField: "varchar({max_length})",
    models.SlugField: "varchar({max_length})",
    models.DateTimeField: "timestamptz",
    models.DateField: "date",
    models.JSONField: "jsonb",
    models.IntegerField: "integer",
    models.BooleanField: "boolean",
}


def source_type(field: Any) -> str:
    """The PostgreSQL type of a model's field, as contracts write it."""
    return _TYPES[type(field)].format(**vars(field))


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.table)
def test_models_are_the_contracts(contract: Contract) -> None:
    """Names, order, types and nullability are the contract's."""
    model = next(model for model in apps.get_app_config("core").get_models() if model._meta.db_table == contract.table)
    declared = [(field.column, source_type(field), field.null) for field in model._meta.concrete_fields]
    assert declared == [(column.name, column.source_type, column.nullable) for column in contract.columns]


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.table)
def test_no_foreign_key_is_a_constraint(contract: Contract) -> None:
    """Orphans can exist."""
    model = next(model for model in apps.get_app_config("core").get_models() if model._meta.db_table == contract.table)
    assert all(not field.db_constraint for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey))


FACTORIES = (
    factories.TenantFactory,
    factories.CustomerFactory,
    factories.ProductFactory,
    factories.OrderFactory,
    factories.OrderItemFactory,
    factories.EventFactory,
    factories.SubscriptionFactory,
    factories.InvoiceFactory,
)


@pytest.mark.parametrize("made_by", FACTORIES, ids=lambda made_by: made_by.__name__)
def test_a_factory_makes_a_valid_row(made_by: Any) -> None:
    """Each factory's row passes the model's own checks, apart from parents that are not saved."""
    for _ in range(20):
        row = made_by.build()
        foreign = [field.name for field in row._meta.concrete_fields if isinstance(field, models.ForeignKey)]
        row.clean_fields(exclude=foreign)


def test_there_is_a_factory_for_each_model() -> None:
    """No model is without one."""
    assert {made_by._meta.model for made_by in FACTORIES} == set(apps.get_app_config("core").get_models())


def test_made_people_can_be_reached() -> None:
    """Addresses, numbers and domains that factories make are valid for whoever checks them."""
    for _ in range(300):
        customer = factories.CustomerFactory.build()
        assert check_email(customer.email).is_valid, customer.email
        if customer.phone:
            assert check_phone(customer.phone, customer.country).is_valid, (customer.phone, customer.country)
    assert check_domain(factories.TenantFactory.build().domain).is_valid


def test_made_orders_add_up() -> None:
    """An order's total follows from its parts, a line's from quantity and price."""
    order = factories.OrderFactory.build(subtotal=Decimal(80), discount_percent=Decimal(10))
    assert order.total_amount == order_total(Decimal(80), Decimal(10), order.tax_rate, order.shipping_amount)
    item = factories.OrderItemFactory.build(quantity=3)
    assert item.line_total == 3 * item.unit_price
    assert item.product.tenant is item.order.tenant


def test_eighteen_tables() -> None:
    """Exactly Django's ten tables and the eight."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}
    assert len(tables) == 18
    assert len(settings.INSTALLED_APPS) == 7


def test_dsn_keeps_what_django_has_no_name_for() -> None:
    """TLS settings reach libpq; a DSN that is none is a named error without its text."""
    database = django_database(
        "host=127.0.0.1 dbname=saas user=app password='a b' sslmode=verify-full sslrootcert=/ca.pem"
    )
    assert database["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}
    assert (database["NAME"], database["PASSWORD"]) == ("saas", "a b")
    with pytest.raises(DatabaseUnreachable) as raised:
        django_database("password=hush nonsense")
    assert "hush" not in str(raised.value)


def test_the_application_knows_nothing_of_the_lake() -> None:
    """No module of the application imports a room of the lake."""
    for file in Path(source_app.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("lakehouse_", "pyspark", "rich")) for name in names), file
