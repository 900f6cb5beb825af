"""The words and countries of the business, shared by factories, generator and simulation."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """Where customers live: names' locale, tax, and patterns of valid phone numbers (# is any digit)."""

    locale: str
    tax_rate: str
    weight: int
    phones: tuple[str, ...]


COUNTRIES: Mapping[str, Country] = {
    "US": Country("en_US", "0.0825", 28, ("(212) 555-01##", "+1 415-555-01##", "312.555.01##")),
    "GB": Country("en_GB", "0.2000", 16, ("07400 1234##", "+44 121 234 56##")),
    "DE": Country("de_DE", "0.1900", 18, ("0171 39200##", "+49 30 231251##", "0049 30 231252##")),
    "FR": Country("fr_FR", "0.2000", 10, ("06 12 34 56 ##", "+33 1 23 45 67 ##")),
    "ES": Country("es_ES", "0.2100", 6, ("612 34 56 ##", "+34 912 34 56 ##")),
    "IT": Country("it_IT", "0.2200", 6, ("312 345 67##", "+39 02 1234 56##")),
    "NL": Country("nl_NL", "0.2100", 5, ("06 123456##", "+31 10 123 45##")),
    "SE": Country("sv_SE", "0.2500", 3, ("070-174 06 ##", "+46 8 12 34 ##")),
    "PL": Country("pl_PL", "0.2300", 3, ("512 345 6##", "+48 12 345 67 ##")),
    "CH": Country("de_CH", "0.0810", 3, ("078 123 45 ##", "+41 21 234 56 ##")),
    "JP": Country("ja_JP", "0.1000", 2, ("090-1234-56##", "+81 3-1234-56##")),
}

# Reserved names (RFC 2606) and their subdomains: no mail ever reaches a stranger. Some are written as people do.
EMAIL_DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "post.example.org",
    "Example.COM",
    "münchen.example.org",
    "café.example.net",
    "xn--bcher-kva.example.com",
)
SEGMENTS = ("consumer", "small_business", "enterprise")

CURRENCIES = ("USD", "EUR", "GBP", "EUR", "USD", "GBP", "CHF", "USD")
"""Of the tenants, in turn."""
HOMES: Mapping[str, tuple[str, str, str]] = {
    "USD": ("US", "America/New_York", "en-US"),
    "EUR": ("DE", "Europe/Berlin", "de-DE"),
    "GBP": ("GB", "Europe/London", "en-GB"),
    "CHF": ("CH", "Europe/Zurich", "de-CH"),
}
"""By currency: the country that most customers live in, time zone, locale."""
PLAN_TYPES = ("starter", "growth", "enterprise")
FEATURES = ("api", "sso", "webhooks", "reports", "audit_log")

CATEGORIES = (
    "Electronics",
    "electronics",
    "Consumer Electronics",
    "Clothing",
    "APPAREL",
    "Home & Garden",
    "home and garden",
    "Books",
    "Toys & Games",
    "toys",
    "Sports",
    "Sports & Outdoors",
    "Health & Beauty",
    "Groceries",
    "Office Supplies",
    " Software ",
)
"""As sellers write them; every one means a category that is known."""
UNKNOWN_CATEGORIES = ("misc", "???", "tbd", "category 7")

PLANS: Mapping[str, int] = {"starter": 1900, "team": 4900, "business": 9900, "enterprise": 49900}
"""Cents for a seat and month; a year costs ten months."""
USAGE_FEE_CENTS = (500, 15_000)

ORDER_STATUSES = ("pending", "processing", "completed", "cancelled", "refunded")
EVENT_TYPES = (
    "page_view",
    "product_view",
    "add_to_cart",
    "checkout_started",
    "purchase",
    "signup",
    "login",
    "support_ticket",
)
PAGES = ("/", "/pricing", "/collections/new", "/collections/sale", "/about", "/blog/how-we-ship", "/search")
DEVICES = ("desktop", "mobile", "tablet")
REFERRERS = ("", "https://search.example.com/", "https://social.example.net/", "https://news.example.org/")
UTMS = (
    ("search", "cpc", "spring"),
    ("social", "paid", "launch"),
    ("newsletter", "email", "weekly"),
)

ORPHAN_BASE = 9_000_000_000
"""Foreign keys above this point at nothing: no row ever gets such an id."""
