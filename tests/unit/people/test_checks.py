"""E-mail, phone and domain: a value before, and what it becomes."""

import doctest

import phonenumbers
import pytest

from lakehouse_core.people import checks
from lakehouse_core.people.checks import check_domain, check_email, check_phone

EMAILS = [
    # title, before, after (None: invalid)
    ("the domain is lowered, the local part is not", "Ann.Lee@EXAMPLE.Com", "Ann.Lee@example.com"),
    ("a plus tag is kept", "ann+news@example.com", "ann+news@example.com"),
    ("an international domain becomes IDNA", "ann@exämple.com", "ann@xn--exmple-cua.com"),
    ("a punycode domain stays", "ann@XN--exmple-cua.com", "ann@xn--exmple-cua.com"),
    ("a quoted local part is legal", '"ann lee"@example.com', '"ann lee"@example.com'),
    ("a decomposed accent is composed", "jose\u0301@example.com", "jos\u00e9@example.com"),
    ("a look-alike domain stays another domain", "ann@ex\u0430mple.com", "ann@xn--exmple-4nf.com"),
    ("a trailing dot", "ann@example.com.", None),
    ("a right-to-left override", "ann\u202e@example.com", None),
    ("a domain of 300 characters", "ann@" + "a" * 296 + ".com", None),
    ("a local part of 65 characters", "a" * 65 + "@example.com", None),
    ("no at sign", "ann.example.com", None),
    ("two at signs", "ann@lee@example.com", None),
    ("no local part", "@example.com", None),
    ("no domain", "ann@", None),
    ("one label", "ann@localhost", None),
    ("two dots", "ann..lee@example.com", None),
    ("space around", " ann@example.com ", None),
    ("a NUL", "ann\x00@example.com", None),
    ("empty", "", None),
]
PHONES = [
    # title, before, country, after (None: invalid)
    ("a national number", "020 7183 8750", "GB", "+442071838750"),
    ("an international number needs no country", "+44 20 7183 8750", None, "+442071838750"),
    ("another country's number", "+49 30 123456", "GB", "+4930123456"),
    ("a country in lower case", "030 123456", "de", "+4930123456"),
    ("an extension is dropped", "(201) 555-0123 x42", "US", "+12015550123"),
    ("full-width digits", "\uff10\uff12\uff10 7183 8750", "GB", "+442071838750"),
    ("letters", "1-800-FLOWERS", "US", None),
    ("words", "call me", "US", None),
    ("plus and zeros", "+00 20 7183 8750", "GB", None),
    ("too short", "12345", "US", None),
    ("a country that there is not", "020 7183 8750", "ZZ", None),
    ("a national number without a country", "020 7183 8750", None, None),
]
DOMAINS = [
    # title, before, after (None: invalid)
    ("lower case", "ACME.Example", "acme.example"),
    ("IDNA", "münster.example", "xn--mnster-3ya.example"),
    ("punycode stays", "xn--mnster-3ya.example", "xn--mnster-3ya.example"),
    ("a trailing dot is the root", "acme.example.", "acme.example"),
    ("a decomposed accent is composed", "mu\u0308nster.example", "xn--mnster-3ya.example"),
    ("a right-to-left override", "acme\u202e.example", None),
    ("300 characters", ".".join(["a" * 59] * 5), None),
    ("a label of 64", "a" * 64 + ".example", None),
    ("an underscore", "ac_me.example", None),
    ("a space", "ac me.example", None),
    ("a hyphen first", "-acme.example", None),
    ("an empty label", "acme..example", None),
    ("a URL", "https://acme.example/", None),
    ("an address", "127.0.0.1", None),
    ("one label", "acme", None),
    ("a dot", ".", None),
    ("empty", "", None),
]


@pytest.mark.parametrize(("title", "before", "after"), EMAILS, ids=[case[0] for case in EMAILS])
def test_email(title: str, before: str, after: str | None) -> None:
    """An address has one written form, or is invalid."""
    assert check_email(before) == (after, after is not None), title


@pytest.mark.parametrize(("title", "before", "country", "after"), PHONES, ids=[case[0] for case in PHONES])
def test_phone(title: str, before: str, country: str | None, after: str | None) -> None:
    """A number becomes E.164, or is invalid."""
    assert check_phone(before, country) == (after, after is not None), title


@pytest.mark.parametrize(("title", "before", "after"), DOMAINS, ids=[case[0] for case in DOMAINS])
def test_domain(title: str, before: str, after: str | None) -> None:
    """A host name has one written form, or is invalid."""
    assert check_domain(before) == (after, after is not None), title


def test_nothing_given_is_neither_valid_nor_invalid() -> None:
    """NULL stays NULL, and an empty phone number means that none was given."""
    assert {check_email(None), check_phone(None, "US"), check_phone(" ", "US"), check_domain(None)} == {(None, None)}


@pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_countrys_example_number_is_valid_and_stays_itself(country: str) -> None:
    """The library's example number of a country is valid there, and its E.164 form is found again anywhere."""
    example = phonenumbers.example_number(country)
    assert example is not None
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    found = check_phone(national, country)
    assert found.is_valid
    assert check_phone(found.normalized, None) == found


def test_examples_in_the_docstrings() -> None:
    """What the docstrings show is what happens."""
    assert doctest.testmod(checks).failed == 0
