"""Visits: sessions that lead, or do not, to orders and sign-ups; each event says page, referrer, device and campaign."""

import base64
import json
from dataclasses import dataclass

import numpy as np

from source_app.core import vocabulary as words
from source_app.generate import copytext as cells
from source_app.generate import rhythm
from source_app.generate.defects import Planter
from source_app.generate.orders import Placed
from source_app.generate.parents import Parents
from source_app.generate.rhythm import END, HOUR, SECOND, Ints
from source_app.scales import Scale

_VIEW, _PRODUCT, _CART, _CHECKOUT, _PURCHASE, _SIGNUP, _LOGIN, _TICKET = range(8)
_PATTERNS: tuple[tuple[int, ...], ...] = (
    # With an order; the purchase comes last.
    (_VIEW, _PRODUCT, _CART, _CHECKOUT, _PURCHASE),
    (_VIEW, _PRODUCT, _PRODUCT, _CART, _CHECKOUT, _PURCHASE),
    (_VIEW, _VIEW, _PRODUCT, _PRODUCT, _CART, _CHECKOUT, _PURCHASE),
    # With a sign-up, last.
    (_VIEW, _SIGNUP),
    # Without either.
    (_VIEW,),
    (_VIEW, _VIEW),
    (_VIEW, _PRODUCT),
    (_VIEW, _PRODUCT, _PRODUCT, _VIEW),
    (_VIEW, _PRODUCT, _CART),
    (_VIEW, _PRODUCT, _CART, _CHECKOUT),
    # Of customers who log in.
    (_LOGIN, _VIEW, _VIEW),
    (_LOGIN, _VIEW, _TICKET),
)
_LENGTHS = np.array([len(pattern) for pattern in _PATTERNS])
_OFFSETS = np.concatenate([[0], np.cumsum(_LENGTHS)[:-1]])
_STEPS = np.array([step for pattern in _PATTERNS for step in pattern])
_SIGNUP_PATTERN, _CART_PATTERN, _LOGIN_PATTERNS = 3, 8, 10
_BROWSING = [0.3, 0.17, 0.18, 0.1, 0.07, 0.05, 0.09, 0.04]

_WEB_SHARE = 0.3
_SIGNUP_SHARE = 0.6
_LARGE_SHARE = 0.0003
_UNKNOWN_TYPES = ("pageview", "click", "PURCHASE")
_WRONG_METADATA = (
    '["page_view"]',
    '"mobile"',
    '{"page": "/", "device": 3}',
    '{"referrer": ""}',
    '{"page": null, "device": "mobile"}',
)


@dataclass(frozen=True)
class _Sessions:
    """Sessions; -1 where there is no customer or order. ``known_from`` = the step at which the customer is known."""

    pattern: Ints
    tenant: Ints
    customer: Ints
    device: Ints
    order: Ints
    anchor: Ints
    known_from: Ints

    def joined(self, other: "_Sessions") -> "_Sessions":
        mine, theirs = vars(self), vars(other)
        return _Sessions(**{name: np.concatenate([mine[name], theirs[name]]) for name in mine})


@dataclass(frozen=True)
class _Flow:
    """Events by arrival: the session's position, the kind's, when it was and when it came, who it was (-1: unknown)."""

    sessions: _Sessions
    of: Ints
    kind: Ints
    at: Ints
    arrived: Ints
    customer: Ints


def build(scale: Scale, parents: Parents, placed: Placed, rng: np.random.Generator, planter: Planter) -> cells.Table:
    """The cells of core_event, exactly as many as the scale says, by time of arrival."""
    led = _order_sessions(placed, rng).joined(_signup_sessions(parents, rng))
    room = scale.events - int(_LENGTHS[led.pattern].sum())
    sessions = led.joined(_browsing_sessions(room, parents, rng))

    length = _LENGTHS[sessions.pattern]
    of = np.repeat(np.arange(len(length)), length)[: scale.events]
    first = (np.cumsum(length) - length)[of]
    step = np.arange(scale.events) - first
    kind = _STEPS[_OFFSETS[sessions.pattern[of]] + step]
    gap = rng.integers(5 * SECOND, 240 * SECOND, scale.events)
    since = np.cumsum(gap) - np.cumsum(gap)[first]
    last = np.minimum(np.cumsum(length) - 1, scale.events - 1)[of]
    ends = sessions.pattern[of] <= _SIGNUP_PATTERN  # anchored at their last event
    at = sessions.anchor[of] + since - np.where(ends, since[last], 0)

    late = rng.random(scale.events) < 0.01
    delay = np.where(late, rng.integers(0, 40 * HOUR, scale.events), rng.integers(0, 3 * SECOND, scale.events))
    arrived = np.minimum(at + delay, END)
    by = np.argsort(arrived, kind="stable")
    of, step, kind, at, arrived = of[by], step[by], kind[by], at[by], arrived[by]
    customer = np.where(step >= sessions.known_from[of], sessions.customer[of], -1)
    flow = _Flow(sessions, of, kind, at, arrived, customer)
    return _planted(flow, _metadata(flow, _products(flow, placed, parents, rng), rng), planter)


def _order_sessions(placed: Placed, rng: np.random.Generator) -> _Sessions:
    orders = np.flatnonzero(rng.random(len(placed.at)) < _WEB_SHARE)
    pattern = rng.choice(3, len(orders), p=[0.4, 0.4, 0.2])
    returning = rng.random(len(orders)) < 0.6
    return _Sessions(
        pattern=pattern,
        tenant=placed.tenant[orders],
        customer=placed.customer[orders],
        device=_device(placed.customer[orders], rng),
        order=orders,
        anchor=placed.at[orders],
        known_from=np.where(returning, 0, _LENGTHS[pattern] - 2),
    )


def _signup_sessions(parents: Parents, rng: np.random.Generator) -> _Sessions:
    customers = np.flatnonzero(rng.random(len(parents.customers)) < _SIGNUP_SHARE)
    return _Sessions(
        pattern=np.full(len(customers), _SIGNUP_PATTERN),
        tenant=parents.customer_tenant[customers],
        customer=customers,
        device=_device(customers, rng),
        order=np.full(len(customers), -1),
        anchor=parents.customer_born[customers],
        known_from=np.ones(len(customers), dtype=np.int64),
    )


def _browsing_sessions(events: int, parents: Parents, rng: np.random.Generator) -> _Sessions:
    count = events  # more than enough: a session has at least one event
    pattern = _SIGNUP_PATTERN + 1 + rng.choice(len(_BROWSING), count, p=_BROWSING)
    count = int(np.searchsorted(np.cumsum(_LENGTHS[pattern]), events)) + 1
    pattern = pattern[:count]
    anchor = np.minimum(rhythm.instants(rng, count, rhythm.day_weights()), END - HOUR)
    everyone = np.ones(len(parents.customers))
    member = rhythm.pick_existing(rng, anchor, parents.customer_born, everyone)
    born = parents.customer_born[member] <= anchor
    logs_in = pattern >= _LOGIN_PATTERNS
    pattern = np.where(logs_in & ~born, _CART_PATTERN, pattern)  # nobody to log in yet: three other steps
    is_member = born & ((pattern >= _LOGIN_PATTERNS) | (rng.random(count) < 0.4))
    visitor = len(parents.customers) * 4 + rng.integers(0, max(1, count // 2), count)
    unseen = (rng.random(count) < 0.3) & (pattern < _LOGIN_PATTERNS)  # a customer's device, but not logged in
    tenants = len(parents.tenants)
    return _Sessions(
        pattern=pattern,
        tenant=np.where(is_member, parents.customer_tenant[member], visitor % tenants),
        customer=np.where(is_member & ~unseen, member, -1),
        device=np.where(is_member, _device(member, rng), visitor),
        order=np.full(count, -1),
        anchor=anchor,
        known_from=np.zeros(count, dtype=np.int64),
    )


def _device(customer: Ints, rng: np.random.Generator) -> Ints:
    return np.asarray(customer * 4 + rng.choice(3, len(customer), p=[0.7, 0.2, 0.1]), dtype=np.int64)


def _products(flow: _Flow, placed: Placed, parents: Parents, rng: np.random.Generator) -> Ints:
    """Positions of the products that were looked at: an order's session shows its first product."""
    sessions, of, kind = flow.sessions, flow.of, flow.kind
    chosen = np.full(len(of), -1)
    tenant = sessions.tenant[of]
    shown = np.isin(kind, (_PRODUCT, _CART))
    for number in range(len(parents.tenants)):
        rows = np.flatnonzero(shown & (tenant == number))
        own = parents.products_of(number)
        weights = parents.popularity[own]
        picked = rhythm.pick_existing(rng, sessions.anchor[of[rows]], parents.product_born[own], weights)
        chosen[rows] = own[picked]
    order = sessions.order[of]
    return np.where(shown & (order >= 0), placed.first_product[np.maximum(order, 0)], chosen)


def _metadata(flow: _Flow, product: Ints, rng: np.random.Generator) -> list[str]:
    of, kind, order, device = flow.of, flow.kind, flow.sessions.order[flow.of], flow.sessions.device[flow.of]
    sessions = int(of.max()) + 1
    referrer = rng.choice(len(words.REFERRERS), sessions, p=[0.5, 0.3, 0.15, 0.05])[of].tolist()
    utm = rng.choice(len(words.UTMS) + 1, sessions, p=[0.65, 0.15, 0.1, 0.1])[of].tolist()
    page = rng.integers(0, len(words.PAGES), len(of)).tolist()
    pages = {_CART: "/cart", _CHECKOUT: "/checkout", _PURCHASE: "/checkout/done", _SIGNUP: "/signup", _LOGIN: "/login"}
    fixed = {**pages, _TICKET: "/help"}
    campaigns = [
        "",
        *(f', "utm": {json.dumps(dict(zip(("source", "medium", "campaign"), u, strict=True)))}' for u in words.UTMS),
    ]
    starts = [
        f'", "referrer": "{referrer}", "device": "{device}"' for referrer in words.REFERRERS for device in words.DEVICES
    ]
    made = []
    for k, p, o, d, r, u, pg in zip(
        kind.tolist(), product.tolist(), order.tolist(), (device % 3).tolist(), referrer, utm, page, strict=True
    ):
        if k == _VIEW:
            where = words.PAGES[pg]
        elif k == _PRODUCT:
            where = f"/products/{p + 1}"
        else:
            where = fixed[k]
        more = f', "product_id": {p + 1}' if p >= 0 else f', "order_id": {o + 1}' if k == _PURCHASE else ""
        made.append(f'{{"page": "{where}{starts[r * 3 + d]}{more}{campaigns[u]}}}')
    # A few carry so much that PostgreSQL stores them out of line; random text, because it would compress any other.
    for row in rng.choice(len(made), max(1, round(_LARGE_SHARE * len(made))), replace=False).tolist():
        trace = base64.b64encode(rng.bytes(4_500)).decode()
        made[row] = f'{made[row][:-1]}, "trace": "{trace}"}}'
    return made


def _planted(flow: _Flow, metadata: list[str], planter: Planter) -> cells.Table:
    sessions, of, customer = flow.sessions, flow.of, flow.customer
    rows, table = len(of), "core_event"
    event_type = [words.EVENT_TYPES[number] for number in flow.kind.tolist()]
    tenant_id = sessions.tenant[of] + 1
    customer_id = np.where(customer >= 0, customer + 1, -1)
    for n, row in enumerate(planter.choose(table, "event.type_known", rows).tolist()):
        event_type[row] = _UNKNOWN_TYPES[n % len(_UNKNOWN_TYPES)]
        planter.note(table, "event.type_known", row + 1, f"event_type is {event_type[row]!r}")
    for n, row in enumerate(planter.choose(table, "event.metadata_shape", rows).tolist()):
        metadata[row] = _WRONG_METADATA[n % len(_WRONG_METADATA)]
        planter.note(table, "event.metadata_shape", row + 1, f"metadata is {metadata[row]}")
    for n, row in enumerate(planter.choose(table, "event.tenant_exists", rows).tolist()):
        tenant_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "event.tenant_exists", row + 1, f"tenant {tenant_id[row]} does not exist")
    known = np.flatnonzero(customer_id > 0)
    for n, row in enumerate(planter.choose(table, "event.customer_exists", rows, known).tolist()):
        customer_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "event.customer_exists", row + 1, f"customer {customer_id[row]} does not exist")
    # The same device has the same name for ever; a multiplier that is odd keeps the names apart.
    anonymous = (sessions.device[of].astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return {
        "id": cells.ints(np.arange(1, rows + 1)),
        "tenant_id": cells.ints(tenant_id),
        "customer_id": cells.ints_or_null(customer_id),
        "anonymous_id": [f"a-{number:016x}" for number in anonymous.tolist()],
        "event_type": event_type,
        "occurred_at": cells.times(flow.at),
        "metadata": cells.texts(metadata),
        "created_at": (stamps := cells.times(flow.arrived)),
        "updated_at": stamps,
    }
