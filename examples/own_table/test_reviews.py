"""The ninth table from PostgreSQL to silver, through every kind of change."""

import pytest
from reviews import DDL

from lakehouse_local.lakehouse import Lakehouse

REVIEWS = "select id, stars, text, is_happy from silver.reviews order by id"


@pytest.fixture(scope="module")
def reviewed(lakehouse: Lakehouse) -> Lakehouse:
    """The lakehouse after the application was given a new table: everything is loaded anew."""
    lakehouse.change(DDL, "insert into shop_review values (1, 1, 5, 'good'), (2, 1, 1, null), (3, 2, 9, 'nine?')")
    lakehouse.reload()
    lakehouse.run()
    return lakehouse


def test_loaded(reviewed: Lakehouse) -> None:
    """The full load is in silver, with the derived column."""
    assert reviewed.query(REVIEWS) == [(1, 5, "good", True), (2, 1, None, False), (3, 9, "nine?", True)]


def test_changed(reviewed: Lakehouse) -> None:
    """An update, a delete, a changed key and an insert arrive, and silver equals the source."""
    reviewed.change(
        "update shop_review set stars = 4 where id = 2",
        "delete from shop_review where id = 1",
        "update shop_review set id = 30 where id = 3",
        "insert into shop_review values (4, 999999, 3, 'of what?')",
    )
    reviewed.run()

    assert reviewed.query(REVIEWS) == [(2, 4, None, True), (4, 3, "of what?", False), (30, 9, "nine?", True)]
    assert reviewed.verify().equal


def test_rules(reviewed: Lakehouse) -> None:
    """Its rules are in the quality report."""
    failed = {result.rule: result.failed for result in reviewed.quality().results if result.entity == "review"}
    assert failed == {"review.stars_known": 1, "review.product_exists": 1}
