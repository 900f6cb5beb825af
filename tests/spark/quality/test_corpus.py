"""The rules against cases that were written without looking at them (tests/corpus): at least 0.99 of each is right."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructField, StructType

from lakehouse_core import quality, silver
from lakehouse_core.contracts import Contract, contract

CORPUS = Path(__file__).parents[2] / "corpus"
AT_LEAST = 0.99


@pytest.mark.parametrize(
    ("file", "rule", "columns"),
    [
        ("emails", "customer.email_valid", {"email": "value"}),
        ("phones", "customer.phone_valid", {"phone": "value", "country": "country"}),
        ("domains", "tenant.domain_valid", {"domain": "value"}),
        ("settings", "tenant.settings_shape", {"settings": "value"}),
        ("metadata", "event.metadata_shape", {"metadata": "value"}),
        ("categories", "product.category_known", {"category": "value"}),
    ],
)
def test_a_rule_knows_what_is_wrong(
    spark: SparkSession,
    record_property: Callable[[str, object], None],
    file: str,
    rule: str,
    columns: Mapping[str, str],
) -> None:
    """What the rule finds among the cases is what is wrong with them."""
    with (CORPUS / f"{file}.csv").open(newline="") as text:
        cases = list(csv.DictReader(text))
    entity = rule.partition(".")[0]
    about = contract(entity)
    schema = StructType([StructField(each.name, each.dataType) for each in about.spark_schema.fields])
    rows = [
        tuple(key if name == about.key else case[columns[name]] if name in columns else None for name in schema.names)
        for key, case in enumerate(cases)
    ]
    frame = silver.CLEAN[entity](spark.createDataFrame(rows, schema))
    alone = {entity: _with(about, rule)}
    found = [row["key"] for row in quality.failures({entity: frame}, alone).collect()]
    wrong = [key for key, case in enumerate(cases) if case["valid"] == "no"]
    assert 0 < len(wrong) < len(cases)
    (scored,) = quality.score({rule: found}, {rule: wrong})
    record_property(
        "score", f"{rule}: {len(cases)} cases, precision {scored.precision:.3f}, recall {scored.recall:.3f}"
    )
    differ = [(cases[key]["value"], cases[key]["why"]) for key in sorted(set(found) ^ set(wrong))]
    assert scored.precision is not None
    assert scored.recall is not None
    assert min(scored.precision, scored.recall) >= AT_LEAST, differ


def _with(about: Contract, rule: str) -> Contract:
    """The contract with that rule alone."""
    return replace(about, rules=tuple(each for each in about.rules if each.id == rule))
