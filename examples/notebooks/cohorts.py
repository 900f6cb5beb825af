"""A cohort analysis, from gold as it stands and once more from silver's orders."""

import marimo

app = marimo.App(width="medium")


@app.cell
def title():
    import marimo as mo

    mo.md("""
    # Who comes back

    A cohort is the customers whose first completed order is of one month. How many of them buy again, and when? Gold
    has the answer ready; here it is drawn, and then computed from orders, as a check and to show what is behind it.
    """)
    return (mo,)


@app.cell
def connect():
    from lakehouse_local.lakehouse import Lakehouse

    lake = Lakehouse.running()  # where none runs, the error says how to start one
    return (lake,)


@app.cell
def from_gold(lake):
    import pandas as pd

    retention = pd.DataFrame(
        lake.query("""
            select cohort_month, months_since, sum(cohort_size) as customers, sum(active_customers) as active
            from gold.customer_retention group by all order by all
        """),
        columns=["cohort", "months_since", "customers", "active"],
    ).astype({"cohort": "datetime64[ns]", "customers": int, "active": int})
    retention["rate"] = retention["active"] / retention["customers"]
    assert (retention.loc[retention["months_since"] == 0, "rate"] == 1).all()  # they all bought in their first month
    return pd, retention


@app.cell
def drawn(retention):
    import altair as alt

    cells = (
        alt.Chart(retention)
        .mark_rect()
        .encode(
            x=alt.X("months_since:O", title="months since the first order"),
            y=alt.Y("yearmonth(cohort):O", title="cohort"),
            color=alt.Color("rate:Q", title="buy again", scale=alt.Scale(scheme="blues", domain=[0, 1])),
            tooltip=["customers", "active", alt.Tooltip("rate", format=".1%")],
        )
    )
    cells + cells.mark_text().encode(text=alt.Text("rate:Q", format=".0%"), color=alt.value("black"))
    return


@app.cell
def from_orders(lake, pd, retention):
    orders = lake.table("silver.orders").where("status = 'completed'")
    bought = orders.selectExpr("tenant_id", "customer_id", "trunc(order_date, 'MM') as month").distinct().toPandas()
    bought["month"] = pd.to_datetime(bought["month"])
    bought["cohort"] = bought.groupby(["tenant_id", "customer_id"])["month"].transform("min")
    bought["months_since"] = (bought["month"].dt.year - bought["cohort"].dt.year) * 12 + (
        bought["month"].dt.month - bought["cohort"].dt.month
    )
    computed = bought.groupby(["cohort", "months_since"]).size()
    stored = retention.set_index(["cohort", "months_since"])["active"]
    assert stored[stored > 0].to_dict() == computed.to_dict()
    return (bought,)


@app.cell
def outcome(bought, mo, retention):
    again = bought.loc[bought["months_since"] > 0, ["tenant_id", "customer_id"]].drop_duplicates()
    everyone = retention.loc[retention["months_since"] == 0, "customers"].sum()
    mo.md(f"""
    **{len(again):,} of {everyone:,} buyers came back** in a later month. Gold and the orders say the same of every cohort
    and month.
    """)
    return


if __name__ == "__main__":
    app.run()
