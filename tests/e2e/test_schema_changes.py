"""The source's tables change while they are captured: what a contract names is taken, or held with the reason."""

import pytest
from lakehouse_home import FEW_MARTS, Lakehouse

EXTENSIONS = FEW_MARTS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def assert_proven(lake: Lakehouse) -> None:
    """Everything that is committed is in the lake, and nothing of it is held back."""
    report = lake.verify()
    assert report.equal, report.details()
    assert all(record.quarantined == 0 for record in lake.records()[-1].tables.values())


@pytest.fixture(scope="module", autouse=True)
def loaded(lake: Lakehouse) -> None:
    """A lake with the tables as the contracts have them."""
    lake.run()


def test_a_column_more_is_left_alone(lake: Lakehouse) -> None:
    """A new column, with a default or without, is in bronze; rows from before and after it are all in silver."""
    lake.change("update core_product set price = price + 1 where id = 1")
    lake.change("alter table core_product add column colour text default 'red', add column weight int")
    lake.change("update core_product set price = price + 1, colour = 'blue' where id in (1, 2)")
    report = lake.run()
    # A run has one shape of each table.
    assert len(report.runs) == 2
    assert report.tables["silver.product"].read == 3
    assert report.tables["silver.product"].quarantined == 0
    assert_proven(lake)


def test_a_wider_type_takes_what_still_fits(lake: Lakehouse) -> None:
    """The contract's type decides: what fits it goes on."""
    lake.change("alter table core_product alter column sku type text, alter column stock_quantity type bigint")
    lake.change("update core_product set stock_quantity = 7 where id = 3")
    assert lake.run().tables["silver.product"].upserts == 1
    assert_proven(lake)


def test_a_new_table_is_named_until_it_is_loaded(lake: Lakehouse) -> None:
    """It is not published, so each run says that nothing of it is captured; a reload takes it in."""
    lake.change("create table core_review (id bigint primary key, words text)")
    lake.change("insert into core_review values (1, 'fine')")
    lake.change("update core_product set stock_quantity = 8 where id = 3")
    said = lake.command("run")
    assert said.ended == (0, None)
    assert "core_review was made after the load" in said.err
    assert lake.command("replicate", "--reload", "--once").ended == (0, None)
    said = lake.command("run")
    assert said.ended == (0, None)
    assert "core_review" not in said.err
    assert_proven(lake)


def test_rows_that_lack_a_column_are_held(lake: Lakehouse) -> None:
    """A column that its contract names was renamed: rows written meanwhile are in quarantine, and only they."""
    lake.change("alter table core_product rename column category to kind")
    lake.change("update core_product set stock_quantity = 9 where id in (3, 4)")
    lake.change("delete from core_product where id = 16")
    product = lake.run().tables["silver.product"]
    assert (product.read, product.quarantined, product.deletes) == (3, 2, 1)
    lake.change("alter table core_product rename column kind to category")
    lake.change("update core_product set stock_quantity = 10 where id = 3")
    assert lake.run().tables["silver.product"].upserts == 1
    report = lake.verify()
    assert report.equal, report.details()
    (table,) = (each for each in report.tables if each.table == "public.core_product")
    assert table.open_quarantine == 1
    assert lake.command("replicate", "--reload", "--once").ended == (0, None)
    lake.run()
    assert_proven(lake)
