"""The checks as Arrow UDFs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import Column
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.types import BooleanType, StringType, StructField, StructType

from lakehouse_core.people.checks import Checked, check_domain, check_email, check_phone

if TYPE_CHECKING:
    Texts = pd.Series[str]
else:
    Texts = pd.Series  # pandas has no subscript at run time, and pyspark reads these hints then

# A StructType, not DDL text: parsing text would ask for a running Spark at import.
CHECKED = StructType([StructField("normalized", StringType()), StructField("is_valid", BooleanType())])


def _frame(checked: list[Checked]) -> pd.DataFrame:
    return pd.DataFrame(checked, columns=list(Checked._fields), dtype=object)


def _emails(texts: Texts) -> pd.DataFrame:
    return _frame([check_email(text) for text in texts])


def _phones(texts: Texts, countries: Texts) -> pd.DataFrame:
    return _frame([check_phone(text, country) for text, country in zip(texts, countries, strict=True)])


def _domains(texts: Texts) -> pd.DataFrame:
    return _frame([check_domain(text) for text in texts])


# pyspark's stubs ask for a function type that its own documentation tells us not to give.
_email: Callable[..., Column] = pandas_udf(_emails, CHECKED)  # type: ignore[call-overload]
_phone: Callable[..., Column] = pandas_udf(_phones, CHECKED)  # type: ignore[call-overload]
_domain: Callable[..., Column] = pandas_udf(_domains, CHECKED)  # type: ignore[call-overload]


def email(text: Column) -> Column:
    """The e-mail address with its domain in lower case and IDNA, and whether it is well formed."""
    return _email(text)


def phone(text: Column, country: Column) -> Column:
    """The phone number in E.164 as read in the country (ISO 3166 alpha-2), and whether its numbering plan has it."""
    return _phone(text, country)


def domain(text: Column) -> Column:
    """The domain in lower case and IDNA, and whether DNS could hold it."""
    return _domain(text)
