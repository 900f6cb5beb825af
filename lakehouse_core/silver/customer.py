"""Customer: e-mail address and phone number in their one written form."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core import people
from lakehouse_core.contracts.customer import CONTRACT
from lakehouse_core.silver.steps import Step, conforms, run


def reachable(frame: DataFrame) -> DataFrame:
    """Adds the e-mail and phone columns (one trip to Python for both).

    ``email_key`` is what two addresses are compared by: RFC 5321 lets a host tell Ann@ from ann@, and hardly one does.
    """
    email = people.email(F.col("email"))
    phone = people.phone(F.col("phone"), F.col("country"))
    return frame.withColumns(
        {
            "email_normalized": email["normalized"],
            "email_key": F.lower(email["normalized"]),
            "email_is_valid": email["is_valid"],
            "phone_e164": phone["normalized"],
            "phone_is_valid": phone["is_valid"],
        }
    )


STEPS: tuple[Step, ...] = (conforms(CONTRACT), reachable)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with the customer's derived columns; ContractBroken if it is no customer frame."""
    return run(frame, STEPS)
