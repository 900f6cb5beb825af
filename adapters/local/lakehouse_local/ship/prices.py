"""What AWS asks: a dated list with each price's source, and the floors that its bills have."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lakehouse_local.ship.errors import PricesInvalid, PriceUnknown

HOURS = 730
"""Of a month, as AWS's own calculator counts."""

JOB_FLOOR = 60
"""Seconds that a run of a Glue job (Glue 2.0 and later) is billed at least. https://aws.amazon.com/glue/pricing/"""

CRAWL_FLOOR = 600
"""Seconds that a crawl is billed at least: ten minutes, where jobs have one. https://aws.amazon.com/glue/pricing/"""

CRAWL_DPU = 2
"""What a crawl is seen to use; AWS sizes it and documents no figure."""

GB = 10**9
"""Bytes that the prices call a GB."""

QUERY_FLOOR = 10_000_000
"""Bytes that a query is billed at least. https://aws.amazon.com/athena/pricing/"""

DMS_STORAGE_INCLUDED = {"dms.t2": 50, "dms.t3": 50}
"""GB that an instance's price holds, by family; the other families hold 100. https://aws.amazon.com/dms/pricing/"""


@dataclass(frozen=True)
class Price:
    """One price: US dollars for one ``unit``, and where AWS says so."""

    usd: float
    unit: str
    source: str


@dataclass(frozen=True)
class PriceList:
    """The prices of one region on one day."""

    as_of: str
    region: str
    prices: Mapping[str, Price]

    def __getitem__(self, name: str) -> Price:
        """The price of that name; PriceUnknown where the list has none."""
        try:
            return self.prices[name]
        except KeyError:
            raise PriceUnknown(
                f"the price list of {self.as_of} has no price for {name}",
                hint=f"it has {', '.join(sorted(self.prices))}; add it to a list of your own: --prices FILE",
            ) from None


def read(path: Path | None = None) -> PriceList:
    """A price list; None for the one that comes with this package. PricesInvalid where the file is none."""
    try:
        text = path.read_text() if path else (files(__package__) / "prices.json").read_text()
        found = json.loads(text)
        prices = {name: Price(float(e["usd"]), e["unit"], e["source"]) for name, e in found["prices"].items()}
        return PriceList(found["as_of"], found["region"], prices)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PricesInvalid(
            f"{path} is no price list: {type(error).__name__}: {error}",
            hint="a list has as_of, region, and prices with usd, unit and source each; copy the package's own: "
            f"{files(__package__) / 'prices.json'}",
        ) from None
