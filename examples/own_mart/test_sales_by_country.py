"""The mart says what PostgreSQL says."""

from lakehouse_local.lakehouse import Lakehouse


def test_like_the_source(lakehouse: Lakehouse) -> None:
    """Grouped in the lake or in PostgreSQL, countries sell the same."""
    lakehouse.run()

    found = lakehouse.query("select country, currency, order_count, revenue from gold.sales_by_country order by 1, 2")

    assert found == lakehouse.source(
        "select country, currency, count(*), sum(total_amount) from core_order o"
        " left join core_customer c on c.id = o.customer_id where status = 'completed'"
        ' group by 1, 2 order by country collate "C", currency collate "C"'
    )
    assert len(found) > 1
