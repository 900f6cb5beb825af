"""Tenant: settings out of JSON, the domain in its one written form."""

from functools import reduce
from operator import and_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core import people
from lakehouse_core.contracts.tenant import CONTRACT
from lakehouse_core.silver.steps import Step, conforms, json_parsed, json_text, run

_TEXTS = ("plan_type", "timezone", "currency", "locale")
_SETTINGS = f"{', '.join(f'{name} string' for name in _TEXTS)}, features array<string>"


def settings_parsed(frame: DataFrame) -> DataFrame:
    """Adds the five settings and ``settings_is_valid``; a setting of another kind is NULL, the others keep theirs."""
    settings = F.col("settings")
    parsed = json_parsed(settings, _SETTINGS)
    taken_apart = frame.withColumns(
        {name: json_text(settings, parsed, name) for name in _TEXTS} | {"features": parsed["features"]}
    )
    is_complete = reduce(and_, (F.col(name).isNotNull() for name in (*_TEXTS, "features")))
    return taken_apart.withColumn("settings_is_valid", F.when(settings.isNotNull(), is_complete))


def domain_checked(frame: DataFrame) -> DataFrame:
    """Adds ``domain_normalized`` (lower case, IDNA; NULL if it is no domain) and ``domain_is_valid``."""
    domain = people.domain(F.col("domain"))
    return frame.withColumns({"domain_normalized": domain["normalized"], "domain_is_valid": domain["is_valid"]})


STEPS: tuple[Step, ...] = (conforms(CONTRACT), settings_parsed, domain_checked)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with the tenant's derived columns; ContractBroken if it is no tenant frame."""
    return run(frame, STEPS)
