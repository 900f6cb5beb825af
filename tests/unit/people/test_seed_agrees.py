"""The words that the seed calls valid are valid to the checks."""

import re
from itertools import product

import pytest

from lakehouse_core.contracts import contract
from lakehouse_core.people.checks import check_email, check_phone
from source_app.core import vocabulary


@pytest.mark.parametrize("country", vocabulary.COUNTRIES)
def test_every_number_of_the_seed_is_valid(country: str) -> None:
    """Whatever digits fill a country's patterns, the number is one of its plan."""
    for pattern in vocabulary.COUNTRIES[country].phones:
        for digits in product("0123456789", repeat=pattern.count("#")):
            number = pattern.replace("#", "{}").format(*digits)
            assert check_phone(number, country).is_valid, number


@pytest.mark.parametrize("domain", vocabulary.EMAIL_DOMAINS)
def test_every_mail_domain_of_the_seed_is_valid(domain: str) -> None:
    """An address at the domain is well formed, and normalised to lower-case ASCII."""
    found = check_email(f"ann@{domain}").normalized
    assert found is not None
    assert re.fullmatch(r"ann@[a-z0-9.-]+", found)


def test_the_category_mapping_knows_what_the_seed_knows() -> None:
    """The mapping has an entry for every known category, by what is left of it, and none for an unknown one."""
    known = dict(contract("product").category_mapping)
    assert len(known) == len(contract("product").category_mapping)
    plain = {text: re.sub(r"[\W_]+", " ", text.lower()).strip() for text in vocabulary.CATEGORIES}
    assert [text for text, left in plain.items() if left not in known] == []
    assert [text for text in vocabulary.UNKNOWN_CATEGORIES if text in known] == []
