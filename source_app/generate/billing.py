"""Subscriptions and the invoices that follow from them. Money is in cents."""

import calendar
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from source_app import history
from source_app.core import vocabulary as words
from source_app.generate import copytext as cells
from source_app.generate.defects import Planter
from source_app.generate.parents import Parents
from source_app.generate.rhythm import DAY, START, Ints
from source_app.scales import Scale

_EPOCH = datetime.fromtimestamp(0, tz=history.START.tzinfo)
_TRIAL = timedelta(days=14)


@dataclass
class _Subscription:
    """One subscription while its history is written."""

    customer: int
    tenant: int
    plan: str
    interval: str
    quantity: int
    unit: int
    started: datetime
    trial_end: datetime | None
    cancelled: datetime | None = None
    ended: datetime | None = None
    past_due: bool = False

    @property
    def status(self) -> str:
        if self.ended:
            return "cancelled"
        if self.trial_end and self.trial_end > history.END:
            return "trialing"
        return "past_due" if self.past_due else "active"


@dataclass
class _Invoice:
    """One bill."""

    subscription: int
    issued: datetime
    due: int
    status: str = "open"
    paid: int = 0
    paid_at: datetime | None = None


def add_months(start: datetime, months: int) -> datetime:
    """The same day and time so many months later, or that month's last day.

    >>> add_months(datetime(2025, 1, 31), 1)
    datetime.datetime(2025, 2, 28, 0, 0)
    """
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    return start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))


def build(
    scale: Scale, parents: Parents, rng: np.random.Generator, planter: Planter
) -> tuple[cells.Table, cells.Table]:
    """The cells of core_subscription and core_invoice, exactly as many as the scale says, by time."""
    dice = random.Random(int(rng.integers(2**63)))
    subscriptions = _subscriptions(scale, parents, rng, dice)
    periods = [_periods(subscription) for subscription in subscriptions]
    invoices = [
        _Invoice(number, issued, one.quantity * one.unit)
        for number, one in enumerate(subscriptions)
        for issued in periods[number]
    ]
    invoices = sorted(invoices, key=lambda one: one.issued)[: scale.invoices]
    usage = [(number, issued) for number, all_issued in enumerate(periods) for issued in all_issued]
    while len(invoices) < scale.invoices:  # what is used beyond the plan is billed in the middle of a period
        number, issued = dice.choice(usage)
        at = issued + timedelta(days=dice.uniform(10, 20))
        if at < (subscriptions[number].ended or history.END):
            invoices.append(_Invoice(number, at, dice.randint(*words.USAGE_FEE_CENTS)))
    invoices.sort(key=lambda one: one.issued)
    for invoice in invoices:
        _settle(invoice, subscriptions[invoice.subscription], dice)
    return (
        _subscription_cells(subscriptions, planter),
        _invoice_cells(invoices, subscriptions, planter),
    )


def _subscriptions(
    scale: Scale, parents: Parents, rng: np.random.Generator, dice: random.Random
) -> list[_Subscription]:
    early = 1 + 3 * (parents.customer_born < START + 15 * DAY)
    chosen = rng.choice(scale.customers, scale.subscriptions, replace=False, p=early / early.sum())
    made = []
    for customer in chosen.tolist():
        born = _moment(int(parents.customer_born[customer]))
        started = min(
            born + timedelta(days=dice.expovariate(1 / 3)), history.END - timedelta(hours=dice.uniform(1, 30))
        )
        started = max(started, born).replace(microsecond=0)
        plan = dice.choices(list(words.PLANS), (40, 35, 20, 5))[0]
        yearly = dice.random() < 0.2
        one = _Subscription(
            customer=customer,
            tenant=int(parents.customer_tenant[customer]),
            plan=plan,
            interval="year" if yearly else "month",
            quantity=dice.choice((1, 1, 1, 2, 3, 5, 10)),
            unit=words.PLANS[plan] * (10 if yearly else 1),
            started=started,
            trial_end=started + _TRIAL if dice.random() < 0.4 else None,
        )
        _maybe_cancel(one, dice)
        made.append(one)
    return sorted(made, key=lambda one: one.started)


def _maybe_cancel(one: _Subscription, dice: random.Random) -> None:
    """Four in a hundred ask to cancel each month; it ends with the period (or trial), perhaps after the history."""
    asked = one.started + timedelta(days=dice.expovariate(0.04 / 30))
    if asked >= history.END:
        return
    one.cancelled = asked.replace(microsecond=0)
    paid_from = one.trial_end or one.started
    step = 12 if one.interval == "year" else 1
    ends = paid_from
    count = 0
    while ends <= one.cancelled:
        count += 1
        ends = add_months(paid_from, step * count)
    if ends <= history.END:
        one.ended = ends


def _periods(one: _Subscription) -> list[datetime]:
    """When each period that was begun by the end of the history is billed."""
    paid_from = one.trial_end or one.started
    until = min(one.ended or history.END, history.END)
    step = 12 if one.interval == "year" else 1
    found: list[datetime] = []
    while (at := add_months(paid_from, step * len(found))) < until:
        found.append(at)
    return found


def _settle(invoice: _Invoice, subscription: _Subscription, dice: random.Random) -> None:
    age = history.END - invoice.issued
    fate = dice.random()
    paid_at = invoice.issued + timedelta(days=min(dice.expovariate(1 / 6), 75))
    if age < timedelta(hours=12):
        invoice.status = "draft"
    elif fate < 0.015:
        invoice.status = "void"
    elif fate < 0.025 and age > timedelta(days=60):
        invoice.status = "uncollectible"
    elif fate > 0.05 and paid_at < history.END:
        invoice.status, invoice.paid, invoice.paid_at = "paid", invoice.due, paid_at.replace(microsecond=0)
    else:
        invoice.paid = invoice.due // 3 if dice.random() < 0.2 else 0
        if not subscription.ended and age > timedelta(days=21):
            subscription.past_due = True


def _subscription_cells(subscriptions: list[_Subscription], planter: Planter) -> cells.Table:
    rows, table = len(subscriptions), "core_subscription"
    status = [one.status for one in subscriptions]
    interval = [one.interval for one in subscriptions]
    quantity = [one.quantity for one in subscriptions]
    unit = [one.unit for one in subscriptions]
    customer_id = [one.customer + 1 for one in subscriptions]
    running = np.array([row for row, name in enumerate(status) if name != "cancelled"])
    for n, row in enumerate(planter.choose(table, "subscription.status_known", rows, running).tolist()):
        status[row] = ("paused", "ACTIVE", "expired")[n % 3]
        planter.note(table, "subscription.status_known", row + 1, f"status is {status[row]!r}")
    for n, row in enumerate(planter.choose(table, "subscription.interval_known", rows).tolist()):
        interval[row] = ("weekly", "quarter", "")[n % 3]
        planter.note(table, "subscription.interval_known", row + 1, f"billing_interval is {interval[row]!r}")
    for n, row in enumerate(planter.choose(table, "subscription.amount_valid", rows).tolist()):
        if n % 2:
            unit[row] = -unit[row]
        else:
            quantity[row] = 0
        planter.note(table, "subscription.amount_valid", row + 1, "quantity is 0 or unit_amount below 0")
    for n, row in enumerate(planter.choose(table, "subscription.customer_exists", rows).tolist()):
        customer_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "subscription.customer_exists", row + 1, f"customer {customer_id[row]} does not exist")
    started = _micros([one.started for one in subscriptions])
    changed = [one.ended or one.cancelled or one.started for one in subscriptions]
    return {
        "id": cells.ints(np.arange(1, rows + 1)),
        "tenant_id": [str(one.tenant + 1) for one in subscriptions],
        "customer_id": [str(number) for number in customer_id],
        "plan": [one.plan for one in subscriptions],
        "status": status,
        "billing_interval": interval,
        "quantity": [str(number) for number in quantity],
        "unit_amount": cells.money(np.array(unit)),
        "started_at": cells.times(started),
        "trial_end_at": cells.times_or_null(_micros([one.trial_end for one in subscriptions])),
        "cancelled_at": cells.times_or_null(_micros([one.cancelled for one in subscriptions])),
        "ended_at": cells.times_or_null(_micros([one.ended for one in subscriptions])),
        "created_at": cells.times(started),
        "updated_at": cells.times(_micros(changed)),
    }


def _invoice_cells(invoices: list[_Invoice], subscriptions: list[_Subscription], planter: Planter) -> cells.Table:
    rows, table = len(invoices), "core_invoice"
    owners = [subscriptions[one.subscription] for one in invoices]
    customer_id = [owner.customer + 1 for owner in owners]
    subscription_id = [one.subscription + 1 for one in invoices]
    unpaid = np.array([row for row, one in enumerate(invoices) if one.status in ("open", "draft")], dtype=np.int64)
    for n, row in enumerate(planter.choose(table, "invoice.status_known", rows, unpaid).tolist()):
        invoices[row].status = ("overdue", "OPEN", "sent")[n % 3]
        planter.note(table, "invoice.status_known", row + 1, f"status is {invoices[row].status!r}")
    paid = np.array([row for row, one in enumerate(invoices) if one.status == "paid"])
    for n, row in enumerate(planter.choose(table, "invoice.status_consistent", rows, paid).tolist()):
        one = invoices[row]
        what = _contradict(one, n)
        planter.note(table, "invoice.status_consistent", row + 1, what)
    for n, row in enumerate(planter.choose(table, "invoice.customer_exists", rows).tolist()):
        customer_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "invoice.customer_exists", row + 1, f"customer {customer_id[row]} does not exist")
    for n, row in enumerate(planter.choose(table, "invoice.subscription_exists", rows).tolist()):
        subscription_id[row] = words.ORPHAN_BASE + n
        planter.note(
            table, "invoice.subscription_exists", row + 1, f"subscription {subscription_id[row]} does not exist"
        )
    issued = _micros([one.issued for one in invoices])
    paid_at = _micros([one.paid_at for one in invoices])
    return {
        "id": cells.ints(np.arange(1, rows + 1)),
        "tenant_id": [str(owner.tenant + 1) for owner in owners],
        "customer_id": [str(number) for number in customer_id],
        "subscription_id": [str(number) for number in subscription_id],
        "invoice_number": [f"INV-{number:07d}" for number in range(1, rows + 1)],
        "status": [one.status for one in invoices],
        "amount_due": cells.money(np.array([one.due for one in invoices])),
        "amount_paid": cells.money(np.array([one.paid for one in invoices])),
        "issued_at": cells.times(issued),
        "due_date": [(one.issued + timedelta(days=14)).date().isoformat() for one in invoices],
        "paid_at": cells.times_or_null(paid_at),
        "created_at": cells.times(issued),
        "updated_at": cells.times(np.maximum(issued, paid_at)),
    }


def _contradict(invoice: _Invoice, kind: int) -> str:
    if kind % 3 == 0:
        invoice.paid_at = None
        return "paid without paid_at"
    if kind % 3 == 1:
        invoice.paid = invoice.due // 2
        return "paid, but amount_paid is not amount_due"
    invoice.status, invoice.paid_at, invoice.paid = "void", None, invoice.due // 2
    return "void with an amount_paid"


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _micros(moments: list[datetime | None] | list[datetime]) -> Ints:
    return np.array(
        [-1 if at is None else (at - _EPOCH) // timedelta(microseconds=1) for at in moments], dtype=np.int64
    )
