"""Looking around in the admin of a seeded business."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from source_app import database, seeding

if TYPE_CHECKING:
    from django.test import Client

MODELS = ("tenant", "customer", "product", "order", "orderitem", "event", "subscription", "invoice")


@pytest.fixture(scope="module")
def browser(new_database: Callable[[str], str], cache: Path) -> "Iterator[Client]":
    """The demo admin, logged in with the password that the seed gives."""
    dsn = new_database("looked_at")
    seeding.seed(dsn, "small", 7, cache, lambda *_: None)
    from django.test import Client  # noqa: PLC0415 - needs Django's settings

    with database.connected(dsn):
        client = Client(headers={"host": "localhost"})
        assert client.login(username=seeding.ADMIN_NAME, password=seeding.ADMIN_PASSWORD)
        yield client


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_rows_can_be_read(browser: "Client", model: str) -> None:
    """Each model's list and each first row's page answer."""
    assert browser.get(f"/admin/core/{model}/").status_code == 200
    assert browser.get(f"/admin/core/{model}/1/change/").status_code == 200


@pytest.mark.parametrize("model", ["tenant", "customer", "product", "order", "invoice"])
def test_lists_can_be_searched(browser: "Client", model: str) -> None:
    """A search finds rows or none, but answers."""
    assert browser.get(f"/admin/core/{model}/", {"q": "ORD-0000001"}).status_code == 200


def test_style_sheets_are_served(browser: "Client") -> None:
    """The pages look like the admin with DEBUG off, too."""
    assert browser.get("/static/admin/css/base.css").status_code == 200
