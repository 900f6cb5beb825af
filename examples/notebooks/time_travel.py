"""The lake as it was: rows as of a run before, what changed since, and history played again from the change log."""

import marimo

app = marimo.App(width="medium")


@app.cell
def title():
    import marimo as mo

    mo.md("""
    # Time travel and replay

    Every run leaves a point that can be asked for, in the business's time. And every version of every row is kept: what
    a table holds is what playing its changes again gives, now or as of any moment.
    """)
    return (mo,)


@app.cell
def connect():
    from lakehouse_local.lakehouse import Lakehouse

    lake = Lakehouse.running()  # where none runs, the error says how to start one
    records = lake.records()
    assert len(records) > 1, "one run is no history: lakehouse simulate --days 1 && lakehouse run"
    first, last = records[0], records[-1]
    [{"run": each.run, "as of": each.as_of, "marts": len(each.marts)} for each in records]
    return first, lake, last


@app.cell
def then_and_now(first, lake, last):
    by_status = "select status, count(*), sum(total_amount) from silver.orders group by status order by status"
    then, now = lake.query(by_status, first.as_of), lake.query(by_status)
    assert first.as_of < last.as_of
    {"then": then, "now": now}
    return


@app.cell
def changed(first, lake, mo):
    orders = "select id, status from silver.orders"
    was, is_now = dict(lake.query(orders, first.as_of)), dict(lake.query(orders))
    moved = [
        {"order": key, "then": was.get(key), "now": is_now.get(key)}
        for key in sorted(was.keys() | is_now.keys())
        if was.get(key) != is_now.get(key)
    ]
    mo.vstack([mo.md(f"**{len(moved)} orders** are new, gone or of another status:"), moved[:20]])
    return is_now, was


@app.cell
def replayed(first, is_now, lake, last, was):
    def replay(moment):
        """The orders as the changes up to that moment leave them."""
        return dict(
            lake.query(f"""
                with newest as (
                    select * from silver.order_version where _business_time <= timestamptz '{moment.isoformat()}'
                    qualify row_number() over (partition by id order by _position desc) = 1
                )
                select id, status from newest where _op in ('I', 'U')
            """)
        )

    assert replay(last.as_of) == is_now
    assert replay(first.as_of) == was
    return (replay,)


@app.cell
def between(first, last, mo, replay):
    halfway = first.as_of + (last.as_of - first.as_of) / 2
    mo.md(f"""
    Played again to {first.as_of:%d %B %H:%M} and to {last.as_of:%d %B %H:%M}, the log gives exactly what the runs left.
    Between them no run ended, and the log knows it all the same: at {halfway:%d %B %H:%M} there were
    **{len(replay(halfway)):,} orders**.
    """)
    return


if __name__ == "__main__":
    app.run()
