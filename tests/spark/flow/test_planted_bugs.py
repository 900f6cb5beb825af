"""Bugs that are planted in the core, one at a time: each must make a test of the suite fail, or that suite proves little.

`make planted-bugs` prints the table: which bug, and which test caught it.
"""

from collections.abc import Callable

import pytest
import test_cdc_fold as fold_tests
import test_flow_order as order
import test_flow_take_in as take_in_tests
from planting import Bug, planted
from pyspark.sql import SparkSession

account, lineage, state, versions = (
    f"lakehouse_core.cdc.{name}" for name in ("account", "lineage", "state", "versions")
)
flow = "lakehouse_core.flow"
BUGS = (
    Bug("unordered merge", state, "newest", "F.desc(POSITION), F.size(UNSENT)", "F.size(UNSENT), F.asc(POSITION)"),
    Bug("delete forgotten", state, "newest", '"_rank = 1"', "\"_rank = 1 and _op <> 'D'\""),
    Bug("a late row after a truncate", state, "buried", "if floor is None:", "if floor is not None:"),
    Bug(
        "truncate dropped",
        flow,
        "_floor",
        "return Floor(facts.truncate, facts.truncate_micros), False",
        "return None, False",
    ),
    Bug(
        "a reload without a new epoch",
        flow,
        "_floor",
        "return Floor(floor, facts.first_micros), True",
        "return Floor(floor), False",
    ),
    Bug(
        "an unsent column becomes NULL",
        lineage,
        "resolved",
        'F.when(trusted & unsent[name], F.col(f"_from_{name}.value"))',
        "F.when(trusted & unsent[name], F.lit(None))",
    ),
    Bug("a key change forgets the old key's values", lineage, "links_of", "F.size(UNSENT) > 0", "F.size(UNSENT) < 0"),
    Bug(
        "a value out of quarantine",
        lineage,
        "_carrier",
        "op.isin(str(Op.DELETE), str(Op.QUARANTINE))",
        "op.isin(str(Op.DELETE))",
    ),
    Bug(
        "a guard per key, not per column", flow, "_folded", "(facts.late or (facts.unsent and facts.doubtful))", "False"
    ),
    Bug(
        "a late change taken for a newer one",
        account,
        "_per_key",
        'F.col("oldest_alive") < F.col("stored_at")',
        'F.col("oldest_alive") > F.col("stored_at")',
    ),
    Bug(
        "no dedupe in the account", account, "_per_key", 'F.col("newest") > F.coalesce', 'F.col("newest") >= F.coalesce'
    ),
    Bug("an account that always adds up", flow, "_balanced", "if read !=", "if read < 0 and read !="),
    Bug(
        "what is stored is not looked at",
        flow,
        "_folded",
        "None if stored is None else stored.join",
        "None if True else stored.join",
    ),
    Bug(
        "a truncate ends no version",
        versions,
        "_ends",
        'F.col(POSITION) > F.col("_first")',
        'F.col(POSITION) < F.col("_first")',
    ),
)
SUITE: tuple[Callable[[SparkSession], None], ...] = (
    fold_tests.test_fold_cases,
    fold_tests.test_fold_under_a_floor,
    fold_tests.test_versions,
    fold_tests.test_account,
    take_in_tests.test_first_batch,
    take_in_tests.test_truncate_then_late_change,
    take_in_tests.test_reload,
    take_in_tests.test_lost_rows_are_an_error,
)


WORLDS = 24


def in_order(spark: SparkSession) -> None:
    """Changes in order, of a fifth of the tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "WORLDS", WORLDS)
        order.test_in_order_batches_never_need_the_log(spark)


def in_any_order(spark: SparkSession) -> None:
    """Order-independence once more, of one seed and a fifth of the tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "WORLDS", WORLDS)
        order.test_order_independence.hypothesis.inner_test(spark, 7)


WHOLE: tuple[Callable[[SparkSession], None], ...] = (*SUITE, in_order, in_any_order)


def test_each_bug_has_its_place() -> None:
    """Code that is written anew takes the places of bugs away."""
    for bug in BUGS:
        with planted(bug):
            pass


@pytest.mark.long
def test_the_suite_is_green(spark: SparkSession) -> None:
    """Without a bug nothing fails."""
    for test in WHOLE:
        test(spark)


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_each_bug_is_caught(spark: SparkSession, bug: Bug, record_property: Callable[[str, object], None]) -> None:
    """By a test of the flow, else by order-independence; the first that fails is named."""
    with planted(bug):
        for test in WHOLE:
            try:
                test(spark)
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever the bug leads to
                record_property("bug", f"{bug.what}: {test.__name__} ({type(error).__name__})")
                return
    pytest.fail(f"{bug.what}: no test noticed")
