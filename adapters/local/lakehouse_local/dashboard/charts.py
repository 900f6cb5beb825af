"""How each figure is drawn: Vega-Lite by Altair, without data (the page gives each chart its rows)."""

from collections.abc import Mapping
from typing import Any

import altair as alt

Spec = dict[str, Any]

ROWS = alt.NamedData(name="rows")
_HEIGHT = 260
_MONTH = alt.X("month:T", title=None, axis=alt.Axis(format="%b %Y", tickCount="month", labelOverlap=True))


def _chart() -> alt.Chart:
    return alt.Chart(ROWS).properties(width="container", height=_HEIGHT)


def _money(column: str, title: str) -> alt.Y:
    return alt.Y(f"{column}:Q", title=title, axis=alt.Axis(format="~s"))


def _tips(**formats: str) -> list[alt.Tooltip]:
    """Tooltips by column; the format's last letter says what it is (T: a date)."""
    return [_tip(column, text) for column, text in formats.items()]


def _tip(column: str, text: str) -> alt.Tooltip:
    if not text:
        return alt.Tooltip(f"{column}:N", title=_words(column))
    kind = "T" if text.endswith("T") else "Q"
    return alt.Tooltip(f"{column}:{kind}", title=_words(column), format=text.removesuffix("T"))


def _words(column: str) -> str:
    return column.replace("_", " ")


def _spec(chart: alt.TopLevelMixin) -> Spec:
    return dict(chart.to_dict())


def revenue_by_month() -> Spec:
    """Bars; an unfinished month is pale."""
    return _spec(
        _chart()
        .mark_bar()
        .encode(
            x=alt.X("yearmonth(month):O", title=None, axis=alt.Axis(format="%b %Y", labelAngle=0, labelOverlap=True)),
            y=_money("gross_revenue", "gross revenue"),
            opacity=alt.condition("datum.is_complete", alt.value(1), alt.value(0.45)),
            tooltip=_tips(month="%B %YT", gross_revenue=",.2f", net_revenue=",.2f", is_complete=""),
        )
    )


def revenue_by_day() -> Spec:
    """Each day, and the mean of the seven days up to it."""
    base = _chart().transform_window(
        mean_of_7_days="mean(gross_revenue)", sort=[{"field": "revenue_date"}], frame=[-6, 0]
    )
    x = alt.X("revenue_date:T", title=None)
    days = base.mark_area(opacity=0.25, line=False).encode(
        x=x,
        y=_money("gross_revenue", "gross revenue"),
        tooltip=_tips(revenue_date="%xT", gross_revenue=",.2f", orders=","),
    )
    mean = base.mark_line(strokeWidth=2).encode(
        x=x, y=_money("mean_of_7_days", "gross revenue"), tooltip=_tips(revenue_date="%xT", mean_of_7_days=",.2f")
    )
    return _spec((days + mean).properties(width="container", height=_HEIGHT))


def acquisition() -> Spec:
    """Two lines."""
    return _spec(
        _chart()
        .transform_fold(["new_customers", "first_time_buyers"], as_=["who", "customers"])
        .mark_line(point=True)
        .encode(
            x=_MONTH,
            y=alt.Y("customers:Q", title="customers"),
            color=alt.Color(
                "who:N", title=None, legend=alt.Legend(orient="top", labelExpr="replace(datum.label, /_/g, ' ')")
            ),
            tooltip=_tips(month="%B %YT", new_customers=",", first_time_buyers=","),
        )
    )


def retention() -> Spec:
    """A heat map with the rate in each cell."""
    base = _chart().encode(
        x=alt.X("months_since:O", title="months since the first order", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("yearmonth(cohort_month):O", title="cohort", axis=alt.Axis(format="%b %Y")),
        tooltip=_tips(
            cohort_month="%B %YT", months_since="", cohort_size=",", active_customers=",", retention_rate=".1%"
        ),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "retention_rate:Q", title="retention", legend=None, scale=alt.Scale(scheme="blues", domain=[0, 1])
        )
    )
    text = base.mark_text(fontSize=11).encode(
        text=alt.Text("retention_rate:Q", format=".0%"),
        color=alt.condition("datum.retention_rate > 0.55", alt.value("white"), alt.value("#10233d")),
    )
    return _spec((cells + text).properties(width="container", height=_HEIGHT))


def best_products() -> Spec:
    """Bars from the left, the best on top."""
    return _spec(
        _chart()
        .mark_bar()
        .encode(
            x=alt.X("line_revenue:Q", title="revenue of its lines", axis=alt.Axis(format="~s")),
            y=alt.Y("product:N", title=None, sort="-x", axis=alt.Axis(labelLimit=220)),
            tooltip=_tips(product="", product_id="", units=",", line_revenue=",.2f", margin=",.2f"),
        )
    )


def margin_by_month() -> Spec:
    """A line."""
    return _spec(
        _chart()
        .mark_line(point=True)
        .encode(
            x=_MONTH,
            y=alt.Y("margin_rate:Q", title="margin / revenue of lines", axis=alt.Axis(format="%")),
            tooltip=_tips(month="%B %YT", margin_rate=".1%", margin=",.2f", line_revenue=",.2f"),
        )
    )


_MOVEMENTS: Mapping[str, str] = {
    "new": "#2a9d6f",
    "expansion": "#7cc8a4",
    "reactivation": "#4a90d9",
    "contraction": "#e9a23b",
    "churned": "#d1495b",
}


def mrr_movements() -> Spec:
    """What came above the line and what went below it, and the close as a line."""
    x = alt.X("yearmonth(month):O", title=None, axis=alt.Axis(format="%b %Y", labelAngle=0, labelOverlap=True))
    tips = _tips(month="%B %YT", opening=",.2f", **dict.fromkeys(_MOVEMENTS, ",.2f"), closing=",.2f")
    moves = (
        _chart()
        .transform_fold([*_MOVEMENTS], as_=["movement", "amount"])
        .mark_bar()
        .encode(
            x=x,
            y=_money("amount", "MRR"),
            color=alt.Color(
                "movement:N",
                title=None,
                scale=alt.Scale(domain=list(_MOVEMENTS), range=list(_MOVEMENTS.values())),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=tips,
        )
    )
    close = (
        _chart()
        .mark_line(point={"color": "#8892a6"}, color="#8892a6", strokeWidth=2)
        .encode(x=x, y="closing:Q", tooltip=tips)
    )
    return _spec((moves + close).properties(width="container", height=_HEIGHT))


def mrr_by_plan() -> Spec:
    """Areas, one on another."""
    return _spec(
        _chart()
        .mark_area()
        .encode(
            x=_MONTH,
            y=_money("closing_mrr", "closing MRR"),
            color=alt.Color("plan:N", title=None, legend=alt.Legend(orient="top")),
            tooltip=_tips(month="%B %YT", plan="", closing_mrr=",.2f", subscriptions=","),
        )
    )


def invoice_aging() -> Spec:
    """Bars in the order of age."""
    return _spec(
        _chart()
        .mark_bar()
        .encode(
            x=alt.X(
                "aging_bucket:O",
                title="days past due",
                sort=["current", "1-30", "31-60", "61-90", "90+"],
                axis=alt.Axis(labelAngle=0),
            ),
            y=_money("balance", "balance"),
            tooltip=_tips(aging_bucket="", invoices=",", balance=",.2f"),
        )
    )


_STEPS = ["page_view", "product_view", "add_to_cart", "checkout_started", "purchase"]


def funnel_steps() -> Spec:
    """A bar for each step, with its part of the first."""
    base = (
        _chart()
        .transform_fold([*_STEPS], as_=["step", "persons"])
        .transform_calculate(of_first="datum.persons / datum.page_view")
        .encode(
            y=alt.Y("step:N", title=None, sort=_STEPS, axis=alt.Axis(labelExpr="replace(datum.label, /_/g, ' ')")),
            x=alt.X("persons:Q", title="persons", axis=alt.Axis(format="~s"), scale=alt.Scale(padding=48)),
            tooltip=[
                alt.Tooltip("step:N"),
                alt.Tooltip("persons:Q", format=","),
                alt.Tooltip("of_first:Q", format=".1%", title="of page views"),
            ],
        )
    )
    bars = base.mark_bar()
    text = base.mark_text(align="left", dx=6).encode(text=alt.Text("of_first:Q", format=".1%"))
    return _spec((bars + text).properties(width="container", height=_HEIGHT))


def conversion_by_day() -> Spec:
    """A line."""
    return _spec(
        _chart()
        .mark_line()
        .encode(
            x=alt.X("event_date:T", title=None),
            y=alt.Y("conversion_rate:Q", title="buyers / persons", axis=alt.Axis(format="%")),
            tooltip=_tips(event_date="%xT", persons=",", buyers=",", conversion_rate=".1%"),
        )
    )


def sessions_by_weekday() -> Spec:
    """Bars from Monday to Sunday."""
    return _spec(
        _chart()
        .mark_bar()
        .encode(
            x=alt.X(
                "iso_weekday:O",
                title=None,
                axis=alt.Axis(labelAngle=0, labelExpr="['','Mon','Tue','Wed','Thu','Fri','Sat','Sun'][datum.value]"),
            ),
            y=alt.Y("sessions:Q", title="sessions", axis=alt.Axis(format="~s")),
            tooltip=_tips(iso_weekday="", sessions=",", with_purchase=","),
        )
    )
