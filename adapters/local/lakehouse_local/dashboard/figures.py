"""What the dashboard shows, page by page: each figure is a question, one SELECT over the lake, and how it is drawn.

A SELECT gives one row per mark. Rows of all tenants together have NULL in ``tenant_id``, those of one tenant its id;
with a column ``currency`` a figure is shown for one currency at a time, since amounts are never added across them.
Sums over tenants are right because each counts its own customers, orders and persons; rates are divided after summing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lakehouse_local.dashboard import charts


class Shape(StrEnum):
    """How a figure is shown."""

    TILES = "tiles"
    CHART = "chart"
    TABLE = "table"


@dataclass(frozen=True)
class Figure:
    """One answer: ``draw`` gives the chart of a Shape.CHART."""

    name: str
    question: str
    sql: str
    shape: Shape
    draw: Callable[[], charts.Spec] | None = None


@dataclass(frozen=True)
class Page:
    """A page: what it is called, whom it serves, and its figures in order."""

    slug: str
    title: str
    lead: str
    figures: tuple[Figure, ...]


REVENUE = Page(
    "revenue",
    "Revenue",
    "Completed orders by their own date. A refund takes an order out of its date; currencies are never added up.",
    (
        Figure(
            "revenue_last_month",
            "What did the last complete month bring?",
            """\
select tenant_id, currency, month, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue,
       sum(order_count) as orders,
       cast(round(sum(gross_revenue) / nullif(sum(order_count), 0), 2) as decimal(22, 2)) as average_order_value
from gold.revenue_monthly
where month = (select max(month) from gold.revenue_monthly where is_complete)
group by grouping sets ((tenant_id, currency, month), (currency, month))
order by all""",
            Shape.TILES,
        ),
        Figure(
            "revenue_by_month",
            "How does revenue develop, month by month?",
            """\
select tenant_id, currency, month, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue,
       bool_and(is_complete) as is_complete
from gold.revenue_monthly
group by grouping sets ((tenant_id, currency, month), (currency, month))
order by all""",
            Shape.CHART,
            charts.revenue_by_month,
        ),
        Figure(
            "revenue_by_day",
            "And day by day?",
            """\
select tenant_id, currency, revenue_date, sum(gross_revenue) as gross_revenue, sum(order_count) as orders
from gold.revenue_daily
group by grouping sets ((tenant_id, currency, revenue_date), (currency, revenue_date))
order by all""",
            Shape.CHART,
            charts.revenue_by_day,
        ),
        Figure(
            "revenue_by_tenant",
            "Which tenants earn it?",
            """\
with earned as (
    select r.tenant_id, coalesce(t.name, 'not a tenant: ' || r.tenant_id) as tenant, r.currency,
           sum(r.gross_revenue) as gross_revenue, sum(r.order_count) as orders
    from gold.revenue_monthly r left join silver.tenants t on t.id = r.tenant_id
    group by all
)
select * from earned
union all
select null, tenant, currency, gross_revenue, orders from earned
order by gross_revenue desc, tenant""",
            Shape.TABLE,
        ),
    ),
)

CUSTOMERS = Page(
    "customers",
    "Customers",
    "Who came, who bought, and who came back. A cohort is the customers whose first completed order is of one month.",
    (
        Figure(
            "acquisition",
            "How many customers are won?",
            """\
select tenant_id, month, sum(new_customers) as new_customers, sum(first_time_buyers) as first_time_buyers
from gold.customer_acquisition
group by grouping sets ((tenant_id, month), (month))
order by all""",
            Shape.CHART,
            charts.acquisition,
        ),
        Figure(
            "retention",
            "What part of a cohort buys again, and when? (complete months)",
            """\
select tenant_id, cohort_month, months_since, sum(cohort_size) as cohort_size, sum(active_customers) as active_customers,
       cast(round(sum(active_customers) / nullif(sum(cohort_size), 0), 6) as decimal(18, 6)) as retention_rate
from gold.customer_retention where is_complete
group by grouping sets ((tenant_id, cohort_month, months_since), (cohort_month, months_since))
order by all""",
            Shape.CHART,
            charts.retention,
        ),
        Figure(
            "best_customers",
            "Who are the ten best customers?",
            """\
with ranked as (
    select tenant_id, customer_id, currency, orders, revenue, tenure_days, predicted_ltv,
           row_number() over (partition by tenant_id, currency order by revenue desc, customer_id) as in_tenant,
           row_number() over (partition by currency order by revenue desc, customer_id) as in_all
    from gold.customer_ltv
    where currency is not null
)
select tenant_id, currency, customer_id, orders, revenue, tenure_days, predicted_ltv from ranked where in_tenant <= 10
union all
select null, currency, customer_id, orders, revenue, tenure_days, predicted_ltv from ranked where in_all <= 10
order by revenue desc, customer_id""",
            Shape.TABLE,
        ),
    ),
)

PRODUCTS = Page(
    "products",
    "Products",
    "What sold in completed orders, and what was left of it after the cost at the order's date.",
    (
        Figure(
            "best_products",
            "Which ten products sold best in the last complete month?",
            """\
with sold as (
    select p.tenant_id, p.currency, coalesce(d.name, 'product ' || p.product_id) as product, p.product_id, p.units,
           p.line_revenue, p.margin,
           row_number() over (partition by p.tenant_id, p.currency order by p.line_revenue desc, p.product_id) as in_tenant,
           row_number() over (partition by p.currency order by p.line_revenue desc, p.product_id) as in_all
    from gold.product_performance p
    left join gold.dim_product d on d.product_id = p.product_id and d.is_current
    where p.month = (select max(month) from gold.product_performance where is_complete)
)
select tenant_id, currency, product, product_id, units, line_revenue, margin from sold where in_tenant <= 10
union all
select null, currency, product, product_id, units, line_revenue, margin from sold where in_all <= 10
order by line_revenue desc, product_id""",
            Shape.CHART,
            charts.best_products,
        ),
        Figure(
            "margin_by_month",
            "What part of the lines' revenue is margin?",
            """\
select tenant_id, currency, month, sum(line_revenue) as line_revenue, sum(margin) as margin,
       cast(round(sum(margin) / nullif(sum(line_revenue), 0), 6) as decimal(18, 6)) as margin_rate
from gold.product_performance
where margin is not null
group by grouping sets ((tenant_id, currency, month), (currency, month))
order by all""",
            Shape.CHART,
            charts.margin_by_month,
        ),
    ),
)

SUBSCRIPTIONS = Page(
    "subscriptions",
    "Subscriptions",
    "Monthly recurring revenue at each month's close, and what moved it since the month before.",
    (
        Figure(
            "mrr_last_month",
            "Where does the last complete month stand?",
            """\
select tenant_id, currency, month, sum(closing_mrr) as closing_mrr, sum(active_subscribers) as active_subscribers,
       cast(round(sum(closing_mrr) / nullif(sum(active_subscribers), 0), 2) as decimal(22, 2)) as arpu,
       cast(round(sum(churned_subscribers) / nullif(sum(opening_subscribers), 0), 6) as decimal(18, 6))
           as customer_churn_rate
from gold.subscription_monthly
where month = (select max(month) from gold.subscription_monthly where is_complete)
group by grouping sets ((tenant_id, currency, month), (currency, month))
order by all""",
            Shape.TILES,
        ),
        Figure(
            "mrr_movements",
            "What moves MRR?",
            """\
select tenant_id, currency, month, sum(new_mrr) as new, sum(expansion_mrr) as expansion,
       sum(reactivation_mrr) as reactivation, sum(contraction_mrr) as contraction, sum(churned_mrr) as churned,
       sum(opening_mrr) as opening, sum(closing_mrr) as closing
from gold.subscription_monthly
group by grouping sets ((tenant_id, currency, month), (currency, month))
order by all""",
            Shape.CHART,
            charts.mrr_movements,
        ),
        Figure(
            "mrr_by_plan",
            "Which plans is it?",
            """\
select tenant_id, currency, month, plan, sum(closing_mrr) as closing_mrr, count(*) as subscriptions
from gold.fact_subscription_month
group by grouping sets ((tenant_id, currency, month, plan), (currency, month, plan))
order by all""",
            Shape.CHART,
            charts.mrr_by_plan,
        ),
        Figure(
            "invoice_aging",
            "What is owed, and how late is it?",
            """\
select tenant_id, currency, aging_bucket, sum(invoices) as invoices, sum(balance) as balance
from gold.invoice_aging
where as_of_date = (select max(as_of_date) from gold.invoice_aging)
group by grouping sets ((tenant_id, currency, aging_bucket), (currency, aging_bucket))
order by all""",
            Shape.CHART,
            charts.invoice_aging,
        ),
    ),
)

FUNNEL = Page(
    "funnel",
    "Funnel",
    "Persons who came on a day, and how far they got within seven days. Days whose seven days are over.",
    (
        Figure(
            "funnel_steps",
            "Where do visitors leave on the way to a purchase?",
            """\
select tenant_id, sum(page_view_persons) as page_view, sum(product_view_persons) as product_view,
       sum(add_to_cart_persons) as add_to_cart, sum(checkout_started_persons) as checkout_started,
       sum(purchase_persons) as purchase
from gold.funnel_daily where is_complete
group by grouping sets ((tenant_id), ())
order by all""",
            Shape.CHART,
            charts.funnel_steps,
        ),
        Figure(
            "conversion_by_day",
            "What part of them buys, day by day?",
            """\
select tenant_id, event_date, sum(page_view_persons) as persons, sum(purchase_persons) as buyers,
       cast(round(sum(purchase_persons) / nullif(sum(page_view_persons), 0), 6) as decimal(18, 6)) as conversion_rate
from gold.funnel_daily where is_complete
group by grouping sets ((tenant_id, event_date), (event_date))
order by all""",
            Shape.CHART,
            charts.conversion_by_day,
        ),
        Figure(
            "sessions_by_weekday",
            "On which days of the week do they come?",
            """\
select tenant_id, iso_weekday, sum(sessions) as sessions, sum(with_purchase) as with_purchase
from (
    select s.tenant_id, d.iso_weekday, count(*) as sessions, count(*) filter (where s.has_purchase) as with_purchase
    from gold.fact_session s join gold.dim_date d on d.calendar_date = s.start_day
    group by all
)
group by grouping sets ((tenant_id, iso_weekday), (iso_weekday))
order by all""",
            Shape.CHART,
            charts.sessions_by_weekday,
        ),
    ),
)

PAGES = (REVENUE, CUSTOMERS, PRODUCTS, SUBSCRIPTIONS, FUNNEL)
