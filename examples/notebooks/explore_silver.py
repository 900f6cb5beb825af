"""Silver, looked around in: what a table holds, what its rules say of it, and which rows they mean."""

import marimo

app = marimo.App(width="medium")


@app.cell
def title():
    import marimo as mo

    mo.md("""
    # Explore silver

    Silver has every row of the source, cleaned beside what was written: nothing is dropped, what looks wrong is flagged.
    Choose a table; below are its rows, its rules and the rows that fail them.
    """)
    return (mo,)


@app.cell
def connect():
    from lakehouse_local.lakehouse import Lakehouse

    lake = Lakehouse.running()  # where none runs, the error says how to start one
    return (lake,)


@app.cell
def choose(mo):
    from lakehouse_core.contracts import CONTRACTS

    table = mo.ui.dropdown(
        {contract.view: contract for contract in CONTRACTS.values()}, value="customers", label="Table of silver"
    )
    table
    return (table,)


@app.cell
def rows(lake, mo, table):
    chosen = table.value
    frame = lake.table(f"silver.{chosen.view}")
    mo.vstack([mo.md(f"**{chosen.grain}**: {frame.count():,} rows"), frame.limit(100).toPandas()])
    return chosen, frame


@app.cell
def what_was_added(chosen, mo):
    mo.vstack(
        [
            mo.md("What silver adds to the source's columns:"),
            [{"column": each.name, "type": each.type, "says": each.describes} for each in chosen.derived],
        ]
    )
    return


@app.cell
def rules(chosen, lake):
    import pandas as pd

    report = lake.quality()
    found = pd.DataFrame(
        [
            {"rule": each.rule, "says": each.describes, "checked": each.checked, "failed": each.failed}
            for each in report.results
            if each.entity == chosen.entity
        ]
    )
    assert (found["checked"] == found["checked"][0]).all()  # each rule looks at every row
    found
    return (found,)


@app.cell
def which(chosen, found, frame, mo):
    from lakehouse_core.contracts import Predicate

    looks = {each.id: each.check.sql for each in chosen.rules if isinstance(each.check, Predicate)}
    counts = {rule: frame.where(f"not coalesce({sql}, false)").count() for rule, sql in looks.items()}
    by_rule = found.set_index("rule")["failed"]
    assert {rule: int(by_rule[rule]) for rule in counts} == counts  # the report's figures, computed once more
    worst = max(counts, key=counts.get)
    mo.vstack(
        [
            mo.md(f"**{counts[worst]} rows fail `{worst}`**, {sum(counts.values())} all rules of a row together:"),
            frame.where(f"not coalesce({looks[worst]}, false)").limit(20).toPandas(),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
