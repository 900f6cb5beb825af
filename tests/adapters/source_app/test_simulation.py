"""Playing business days into a real PostgreSQL, read back from its log."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from source_app import seeding
from source_app.errors import InvalidRequest, NotSeeded
from source_app.simulation import Simulated, simulate


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def played(server: str, new_database: Callable[[str], str], cache: Path) -> tuple[str, Simulated, list[str]]:
    """A small business after four days: its DSN, what was said, and the changes as test_decoding prints them."""
    dsn = new_database("played")
    seeding.seed(dsn, "small", 7, cache, quiet)
    superuser = f"{server} dbname=played"
    with closing(psycopg2.connect(superuser)) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_create_logical_replication_slot('watch', 'test_decoding')")
        connection.commit()
        said = simulate(dsn, 4, 7, quiet)
        cursor.execute("select data from pg_logical_slot_get_changes('watch', null, null)")
        log = [line for (line,) in cursor.fetchall()]
        cursor.execute("select pg_drop_replication_slot('watch')")
        connection.commit()
    return dsn, said, log


def test_everything_of_the_list_happens(played: tuple[str, Simulated, list[str]]) -> None:
    """Each kind of thing that a day is made of happens at least once in four days."""
    _, said, _ = played
    assert set(said.counts) >= {
        "orders_placed",
        "orders_completed",
        "orders_cancelled",
        "orders_refunded",
        "customers_signed_up",
        "customers_corrected",
        "customers_merged",
        "customers_erased",
        "plans_changed",
        "subscriptions_cancelled",
        "invoices_issued",
        "invoices_paid",
        "stock_moved",
        "keys_changed",
        "transactions_long",
        "transactions_rolled_back",
        "savepoints_rolled_back",
        "events_late",
        "events_large",
        "events_identified",
        "defects_planted",
    }
    assert all(count > 0 for count in said.counts.values())


def test_clock_goes_on(played: tuple[str, Simulated, list[str]]) -> None:
    """The database's clock stands four days later, and no row is stamped after it."""
    dsn, said, _ = played
    assert said.clock_to == "2025-07-05T00:00:00+00:00"
    assert rows(dsn, "select current_setting('lakehouse.clock')") == [(said.clock_to,)]
    for table in ("tenant", "customer", "product", "order", "orderitem", "event", "subscription", "invoice"):
        stamped = f"select count(*) from core_{table} where greatest(created_at, updated_at) > '{said.clock_to}'"
        assert rows(dsn, stamped) == [(0,)]


def test_each_transaction_tells_its_time(played: tuple[str, Simulated, list[str]]) -> None:
    """Every transaction that changed a row carries one clock message, and times rise in commit order."""
    _, _, log = played
    times, changes, messages = [], 0, 0
    for line in log:
        if line.startswith("BEGIN"):
            changes = messages = 0
        elif line.startswith("table "):
            changes += 1
        elif "prefix: lakehouse.clock" in line:
            messages += 1
            times.append(line.rsplit("content:", 1)[1])
        elif line.startswith("COMMIT"):
            assert messages == 1 or changes == 0
    assert times == sorted(times)
    assert len(times) > 50


def test_log_holds_the_hard_cases(played: tuple[str, Simulated, list[str]]) -> None:
    """Changed keys, unchanged TOAST (with and without a new key) and deletes are in the log; undone rows are not."""
    dsn, _, log = played
    assert any("UPDATE: old-key: id" in line for line in log)
    unsent = [line for line in log if "metadata[jsonb]:unchanged-toast-datum" in line]
    assert any("old-key" in line for line in unsent)
    assert any("old-key" not in line for line in unsent)
    assert any("public.core_customer: DELETE" in line for line in log)
    inserted = {
        line.split("order_number[character varying]:'")[1].split("'")[0] for line in log if "core_order: INSERT" in line
    }
    kept = {number for (number,) in rows(dsn, "select order_number from core_order where order_date >= '2025-07-01'")}
    assert kept <= inserted


def test_nothing_is_orphaned(played: tuple[str, Simulated, list[str]]) -> None:
    """Merging, erasing and new keys leave no row that points at nothing, but for the planted ones."""
    dsn, _, _ = played
    for child, column, parent in (
        ("order", "customer_id", "customer"),
        ("orderitem", "order_id", "order"),
        ("orderitem", "product_id", "product"),
        ("event", "customer_id", "customer"),
        ("subscription", "customer_id", "customer"),
        ("invoice", "subscription_id", "subscription"),
        ("invoice", "customer_id", "customer"),
    ):
        lost = (
            f"select count(*) from core_{child} c left join core_{parent} p on p.id = c.{column}"
            f" where p.id is null and c.{column} < 9000000000"
        )
        assert (child, column, rows(dsn, lost)) == (child, column, [(0,)])


def test_subscriptions_stay_consistent(played: tuple[str, Simulated, list[str]]) -> None:
    """Cancelled if and only if ended by now, but for statuses that were planted."""
    dsn, said, _ = played
    wrong = (
        "select count(*) from core_subscription where status in ('trialing', 'active', 'past_due', 'cancelled')"
        f" and (status = 'cancelled') is distinct from coalesce(ended_at <= '{said.clock_to}', false)"
    )
    assert rows(dsn, wrong) == [(0,)]


def test_days_follow_from_state_and_seed(
    played: tuple[str, Simulated, list[str]], new_database: Callable[[str], str], cache: Path
) -> None:
    """The same days on the same rows, one by one instead of together, end in the same rows."""
    dsn, said, _ = played
    other = new_database("replayed")
    seeding.seed(other, "small", 7, cache, quiet)
    counts: dict[str, int] = {}
    for _ in range(4):
        for kind, count in simulate(other, 1, 7, quiet).counts.items():
            counts[kind] = counts.get(kind, 0) + count
    assert counts == dict(said.counts)
    for table in ("tenant", "customer", "product", "order", "orderitem", "event", "subscription", "invoice"):
        digest = f"select md5(string_agg(t::text, '|' order by id)) from core_{table} t"
        assert rows(other, digest) == rows(dsn, digest), table


def test_an_unseeded_database_is_named(new_database: Callable[[str], str]) -> None:
    """There is nothing to go on with in an empty database."""
    with pytest.raises(NotSeeded):
        simulate(new_database("unseeded"), 1, 7, quiet)


def test_no_days_is_named() -> None:
    """Zero days are refused before anything is touched."""
    with pytest.raises(InvalidRequest):
        simulate("host=127.0.0.1 port=1", 0, 7, quiet)
