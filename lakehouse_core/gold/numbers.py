"""The number types of gold and how they are rounded, so that every engine comes to the same digits.

Money is summed exactly and kept to the cent; what is divided is rounded half-up, once: money to the cent, rates to six
decimals. A rate is a fraction (0.25, never 25 per cent). Counts are whole numbers.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

MONEY = "decimal(22,2)"
RATE = "decimal(18,6)"
_TERM = "decimal(22,2)"  # wide enough for money and counts; two of them divide to 16 decimals before the rounding


def money(amount: Column) -> Column:
    """An exact amount as money; NULL (no rows to add) is zero."""
    return F.coalesce(amount.cast(MONEY), F.lit(0).cast(MONEY))


def average(total: Column, count: Column) -> Column:
    """Money per unit, half-up to the cent; NULL if there are no units."""
    return _quotient(total, count, 2).cast(MONEY)


def rate(part: Column, whole: Column) -> Column:
    """A fraction, half-up to six decimals; NULL if the whole is zero."""
    return _quotient(part, whole, 6).cast(RATE)


def nonzero(divisor: Column) -> Column:
    """The divisor, NULL where it is zero: the quotient is then NULL under ANSI too."""
    return F.when(divisor != 0, divisor)


def _quotient(numerator: Column, denominator: Column, scale: int) -> Column:
    """Divide and round half-up; NULL for a zero denominator, under ANSI too."""
    return F.round(numerator.cast(_TERM) / nonzero(denominator.cast(_TERM)), scale)
