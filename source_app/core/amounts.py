"""What an order comes to. Source: data model, silver table, row "order"."""

from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


def half_up(amount: Decimal) -> Decimal:
    """An amount of money in whole cents, halves away from zero."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def order_total(subtotal: Decimal, discount_percent: Decimal, tax_rate: Decimal, shipping: Decimal) -> Decimal:
    """Subtotal less discount, plus tax on that, plus shipping; rounded half up to cents at each step.

    >>> order_total(Decimal("100.00"), Decimal("12.50"), Decimal("0.1900"), Decimal("4.99"))
    Decimal('109.12')
    """
    taxable = subtotal - half_up(subtotal * discount_percent / 100)
    return taxable + half_up(taxable * tax_rate) + shipping
