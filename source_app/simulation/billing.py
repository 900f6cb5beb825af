"""Plans change, subscriptions begin to be paid, are cancelled and end; invoices are issued and paid."""

from datetime import datetime, timedelta
from decimal import Decimal

from source_app import history
from source_app.core import vocabulary as words
from source_app.core.models import Customer, Invoice, Subscription
from source_app.generate.billing import add_months
from source_app.simulation.day import Day, business

_MONTHS = {"month": 1, "year": 12}


def subscribe(day: Day, at: datetime) -> None:
    """A customer without a subscription takes a trial."""
    with business(at):
        customer = day.one(Customer.objects.filter(subscriptions=None, tenant_id__lt=words.ORPHAN_BASE))
        if customer is None:
            return
        plan = day.dice.choice(list(words.PLANS))
        Subscription.objects.create(
            tenant_id=customer.tenant_id,
            customer=customer,
            plan=plan,
            status="trialing",
            billing_interval="month",
            quantity=day.dice.randint(1, 5),
            unit_amount=Decimal(words.PLANS[plan]) / 100,
            started_at=at,
            trial_end_at=at + timedelta(days=14),
        )
        day.counts["subscriptions_started"] += 1


def change_plan(day: Day, at: datetime) -> None:
    """A subscriber moves to another plan or number of seats."""
    with business(at):
        running = Subscription.objects.filter(status="active", billing_interval__in=_MONTHS, quantity__gt=0)
        subscription = day.one(running)
        if subscription is None:
            return
        if day.dice.random() < 0.6:
            subscription.plan = day.dice.choice([plan for plan in words.PLANS if plan != subscription.plan])
            months = 10 if subscription.billing_interval == "year" else 1
            subscription.unit_amount = Decimal(words.PLANS[subscription.plan] * months) / 100
        else:
            subscription.quantity += day.dice.choice((1, 2, 5))
        subscription.save()
        day.counts["plans_changed"] += 1


def ask_to_cancel(day: Day, at: datetime) -> None:
    """A subscriber cancels; it runs on to the end of what is paid."""
    with business(at):
        subscription = day.one(Subscription.objects.filter(status__in=("active", "past_due"), cancelled_at=None))
        if subscription is not None:
            subscription.cancelled_at = at
            subscription.save(update_fields=["cancelled_at"])
            day.counts["subscriptions_cancelled"] += 1


def run_billing(day: Day, at: datetime) -> None:
    """The nightly run, one transaction: subscriptions end, trials become paid, periods that began are billed."""
    with business(at):
        drafts = Invoice.objects.filter(status="draft").update(status="open", updated_at=at)
        day.counts["invoices_issued"] += drafts
        made = []
        running = Subscription.objects.filter(
            status__in=("trialing", "active", "past_due"), billing_interval__in=_MONTHS
        )
        for subscription in running.order_by("pk").iterator():
            due = _falls_due(subscription, day)
            if due is None:
                continue
            if subscription.cancelled_at is not None and subscription.cancelled_at <= due:
                subscription.status, subscription.ended_at = "cancelled", due
                subscription.save(update_fields=["status", "ended_at"])
                day.counts["subscriptions_ended"] += 1
                continue
            if subscription.status == "trialing":
                subscription.status = "active"
                subscription.save(update_fields=["status"])
                day.counts["trials_converted"] += 1
            if subscription.quantity > 0 and subscription.unit_amount > 0:
                made.append(_invoice(subscription, day, at))
        Invoice.objects.bulk_create(made)
        day.counts["invoices_issued"] += len(made)


def _falls_due(subscription: Subscription, day: Day) -> datetime | None:
    """When, in the day that is just over, a period or the trial ended; the history has billed what was before it."""
    since = max(day.start - timedelta(days=1), history.END)
    paid_from = subscription.trial_end_at or subscription.started_at
    whole = (day.start.year - paid_from.year) * 12 + day.start.month - paid_from.month
    for months in range(max(0, whole - 1), whole + 1):
        due = add_months(paid_from, months)
        if months % _MONTHS[subscription.billing_interval] == 0 and since <= due < day.start:
            return due
    return None


def _invoice(subscription: Subscription, day: Day, at: datetime) -> Invoice:
    return Invoice(
        tenant_id=subscription.tenant_id,
        customer_id=subscription.customer_id,
        subscription=subscription,
        invoice_number=f"INV-{day.number()}",
        status="open",
        amount_due=subscription.quantity * subscription.unit_amount,
        amount_paid=Decimal(0),
        issued_at=at,
        due_date=(at + timedelta(days=14)).date(),
    )


def pay(day: Day, at: datetime) -> None:
    """An open invoice is paid, now and then only in part; whoever was past due is so no longer."""
    with business(at):
        invoice = day.one(Invoice.objects.filter(status="open"))
        if invoice is None:
            return
        if day.dice.random() < 0.1 and invoice.amount_paid == 0:
            invoice.amount_paid = (invoice.amount_due / 2).quantize(Decimal("0.01"))
            day.counts["invoices_paid_in_part"] += 1
        else:
            invoice.status, invoice.amount_paid, invoice.paid_at = "paid", invoice.amount_due, at
            day.counts["invoices_paid"] += 1
            Subscription.objects.filter(pk=invoice.subscription_id, status="past_due").update(
                status="active", updated_at=at
            )
        invoice.save()
