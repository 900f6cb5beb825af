"""Event: metadata out of JSON, and the sessions that events form."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.contracts.event import CONTRACT
from lakehouse_core.silver.steps import Step, conforms, json_parsed, json_text, run

# The gap after which a visitor's next event starts a session (data model; also the default of web analytics).
SESSION_GAP = "INTERVAL 30 MINUTES"
_METADATA = (
    "page string, referrer string, device string, product_id bigint, order_id bigint, "
    "utm struct<source: string, medium: string, campaign: string>"
)


def metadata_parsed(frame: DataFrame) -> DataFrame:
    """Adds metadata's fields and ``metadata_is_valid`` (an object with a text page and device).

    A field of another kind is NULL; the others keep their values.
    """
    document = F.col("metadata")
    parsed = json_parsed(document, _METADATA)
    return frame.withColumns(
        {
            "page": json_text(document, parsed, "page"),
            "referrer": parsed["referrer"],
            "device": json_text(document, parsed, "device"),
            "product_id": parsed["product_id"],
            "order_id": parsed["order_id"],
            "utm_source": parsed["utm"]["source"],
            "utm_medium": parsed["utm"]["medium"],
            "utm_campaign": parsed["utm"]["campaign"],
        }
    ).withColumn(
        "metadata_is_valid",
        F.when(document.isNotNull(), F.col("page").isNotNull() & F.col("device").isNotNull()),
    )


STEPS: tuple[Step, ...] = (conforms(CONTRACT), metadata_parsed)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with the event's derived columns; ContractBroken if it is no event frame."""
    return run(frame, STEPS)


def sessions(events: DataFrame) -> DataFrame:
    """The same rows with ``session_id`` and ``session_seq`` (the event's place in its session, from 1).

    A session is a run of one visitor's events (tenant_id, anonymous_id), by (occurred_at, id), without a gap of more
    than 30 minutes. Its id is a hash of tenant, visitor and the id of its earliest event, so that a late event
    re-keys the sessions that it precedes or bridges and no other. Tombstones, which have no visitor, have no session.
    """
    visited = F.col("anonymous_id").isNotNull() & F.col("occurred_at").isNotNull()
    # Rows without a visit each stand alone: together they would be one huge visitor.
    alone = F.when(~visited, F.col("id"))
    visit = Window.partitionBy("tenant_id", "anonymous_id", alone).orderBy("occurred_at", "id")
    before = F.lag("occurred_at").over(visit)
    opens = before.isNull() | (F.col("occurred_at") > before + F.expr(SESSION_GAP))
    placed = events.withColumns({"_place": F.row_number().over(visit), "_opens": opens})
    opener = F.last(F.when(F.col("_opens"), F.struct("id", "_place")), ignorenulls=True).over(visit)
    # The parts cannot run into each other: the first and the last are digits.
    name = F.md5(F.concat_ws("|", "tenant_id", "anonymous_id", "_opener.id"))
    return (
        placed.withColumn("_opener", opener)
        .withColumns(
            {
                "session_id": F.when(visited, name),
                "session_seq": F.when(visited, F.col("_place") - F.col("_opener._place") + 1),
            }
        )
        .drop("_place", "_opens", "_opener")
    )
