"""Where the next page of a list starts, as text that a client gives back."""

import re

_GIVEN_OUT = re.compile("[0-9]{1,9}")


def start_of(token: str) -> int | None:
    """The place in the list that a token names; None for one that was never given out, however much it looks like a number.

    >>> start_of("100"), start_of("\u00b2"), start_of("9" * 5000)
    (100, None, None)
    """
    return int(token) if _GIVEN_OUT.fullmatch(token) else None
