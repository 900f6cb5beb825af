"""One value in, one :class:`Checked` out; plain Python, so that it can be called without Spark."""

import re
from functools import lru_cache
from typing import NamedTuple

import idna
import phonenumbers
from email_validator import EmailNotValidError, validate_email

# Tables repeat their values (and a reused Python worker meets them again), so each check remembers what it saw.
_REMEMBERED = 65_536
_EXTENSION = re.compile(r"(?:ext\.?|x|#)\s*\d{1,7}\s*$", re.IGNORECASE)


class Checked(NamedTuple):
    """The one written form (None if the value is invalid), and whether it is valid (None if there is no value)."""

    normalized: str | None
    is_valid: bool | None


_ABSENT = Checked(None, None)
_INVALID = Checked(None, is_valid=False)


@lru_cache(_REMEMBERED)
def check_email(text: str | None) -> Checked:
    """An address by RFC 5321, 5322 and 6531, with a domain that could be public; the empty text is invalid.

    The domain becomes lower case and IDNA; the local part keeps its case and its +tag and is composed (NFC).

    >>> check_email("Ann.Lee+news@EXAMPLE.com")
    Checked(normalized='Ann.Lee+news@example.com', is_valid=True)
    """
    if text is None:
        return _ABSENT
    try:
        found = validate_email(text, check_deliverability=False, allow_quoted_local=True, strict=True)
    except EmailNotValidError:
        return _INVALID
    if not _could_be_public(found.ascii_domain):
        return _INVALID
    return Checked(f"{found.local_part}@{found.ascii_domain}", is_valid=True)


@lru_cache(_REMEMBERED)
def check_phone(text: str | None, country: str | None) -> Checked:
    """A number of the country's numbering plan, or any country's if it starts with + (E.164, extension dropped).

    The empty text means that no number is given. Letters (1-800-FLOWERS) are not accepted.

    >>> check_phone("020 7183 8750", "GB")
    Checked(normalized='+442071838750', is_valid=True)
    """
    if not text or not text.strip():
        return _ABSENT
    if any(character.isalpha() for character in _EXTENSION.sub("", text)):
        return _INVALID
    try:
        number = phonenumbers.parse(text, country.upper() if country else None)
    except phonenumbers.NumberParseException:
        return _INVALID
    if not phonenumbers.is_valid_number(number):
        return _INVALID
    return Checked(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), is_valid=True)


@lru_cache(_REMEMBERED)
def check_domain(text: str | None) -> Checked:
    """A host name of two labels or more by IDNA 2008, in lower case; one trailing dot (the root) is dropped.

    >>> check_domain("Münster.example.")
    Checked(normalized='xn--mnster-3ya.example', is_valid=True)
    """
    if text is None:
        return _ABSENT
    try:
        name = idna.encode(text.removesuffix("."), uts46=True, std3_rules=True).decode("ascii")
    except UnicodeError:  # idna.IDNAError is one
        return _INVALID
    return Checked(name, is_valid=True) if _could_be_public(name) else _INVALID


def _could_be_public(name: str) -> bool:
    """Whether there are two labels, and the last could be a top level: two characters at least, and no number (ICANN)."""
    _, dot, top = name.rpartition(".")
    return bool(dot) and len(top) > 1 and not top.isdecimal()
