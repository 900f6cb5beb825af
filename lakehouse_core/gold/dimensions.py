"""Dimensions with a history (SCD2), and the surrogate keys by which facts name their rows.

Source: Kimball's slowly changing dimension of type 2 and his unknown member; the rest is the data model's. A row of a
dimension holds what a key's tracked columns were in a half-open span of business time: ``valid_from`` (1900-01-01 for a
key's first version: before it was captured, its values apply) to ``valid_to`` (NULL: still). Each dimension has one
row more, :data:`UNKNOWN`, for facts that name a key that was not there at that time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.contracts.envelope import BUSINESS_TIME, OP, POSITION, Op
from lakehouse_core.gold.mart import Measure
from lakehouse_core.gold.slices import Changed, Slices, within
from lakehouse_core.gold.versions import holds_at

UNKNOWN = "unknown"
"""The surrogate key of the unknown member; its id is NULL."""

VALIDITY = (
    Measure("valid_from", "instant", "when the row began to hold; 1900-01-01 for the first"),
    Measure("valid_to", "instant", "when it ceased to hold (exclusive); NULL: still"),
    Measure("is_current", "flag", "whether it holds now: one row per key that is there"),
)
_DAWN = -2_208_988_800  # 1900-01-01T00:00:00Z


@dataclass(frozen=True)
class Dimension:
    """How a dimension's rows come from an entity's versions.

    ``sk`` names its surrogate key, ``id`` the source's key in it; ``tracked`` are the columns whose change makes a new
    row, as SQL over a version.
    """

    sk: str
    id: str
    tracked: Mapping[str, str]

    def rows(self, versions: DataFrame) -> DataFrame:
        """One row per key and stretch in which the tracked columns stayed the same, and the unknown member.

        Order is by position. Of several versions at one instant the last holds. A delete, and a version in quarantine,
        close a row and open none; a version that changes nothing tracked opens none either.
        """
        order = Window.partitionBy("id").orderBy(POSITION)
        values = F.struct(*(F.expr(sql).alias(name) for name, sql in self.tracked.items()))
        lives = F.col(OP).isin(Op.INSERT.value, Op.UPDATE.value)
        instants = (
            versions.where(F.col("id").isNotNull())
            .select("id", POSITION, BUSINESS_TIME, F.when(lives, values).alias("_values"))
            .withColumn("_next", F.lead(BUSINESS_TIME).over(order))
            .where(~F.col("_next").eqNullSafe(F.col(BUSINESS_TIME)))
        )
        changed = ~F.col("_values").eqNullSafe(F.col("_before")) | F.col("_first")
        begun = instants.withColumns(
            {"_before": F.lag("_values").over(order), "_first": F.lag(POSITION).over(order).isNull()}
        ).where(changed)
        valid_from = F.when(F.col("_first"), F.timestamp_seconds(F.lit(_DAWN))).otherwise(F.col(BUSINESS_TIME))
        held = begun.select(
            "id", "_values", valid_from.alias("valid_from"), F.lead(BUSINESS_TIME).over(order).alias("valid_to")
        ).where(F.col("_values").isNotNull())
        known = held.select(
            F.md5(F.concat_ws("|", "id", F.unix_micros("valid_from"))).alias(self.sk),
            F.col("id").alias(self.id),
            "_values.*",
            "valid_from",
            "valid_to",
            F.col("valid_to").isNull().alias("is_current"),
        )
        return known.unionByName(self._unknown(known))

    def _unknown(self, like: DataFrame) -> DataFrame:
        made = {
            self.sk: F.lit(UNKNOWN),
            "valid_from": F.timestamp_seconds(F.lit(_DAWN)),
            "is_current": F.lit(col=True),
        }
        return like.sparkSession.range(1).select(
            *(made.get(field.name, F.lit(None)).cast(field.dataType).alias(field.name) for field in like.schema.fields)
        )

    def named_by(self, facts: DataFrame, versions: DataFrame, at: Column) -> DataFrame:
        """The facts with the surrogate key of the row that held at ``at`` for their column of the dimension's id."""
        rows = self.rows(versions).select(
            self.sk, F.col(self.id).alias("_id"), F.col("valid_from").alias("_since"), F.col("valid_to").alias("_until")
        )
        held = (facts[self.id] == F.col("_id")) & holds_at(at, since=F.col("_since"), until=F.col("_until"))
        return (
            facts.join(F.broadcast(rows), on=held, how="left")
            .withColumn(self.sk, F.coalesce(self.sk, F.lit(UNKNOWN)))
            .drop("_id", "_since", "_until")
        )

    def slices(self, versions: str) -> Slices:
        """The dimension's mart in slices: a key's rows follow from that key's versions (the input of that name)."""
        return Slices(
            (self.id,),
            {versions: lambda changed, _: changed.both.select(F.col("id").alias(self.id))},
            lambda inputs, slices: {versions: within(inputs[versions], slices, **{self.id: "id"})},
        )

    def moved(self, changed: Changed) -> DataFrame:
        """When another row than before holds: one row per such stretch, ``_id``, ``_since``, ``_until`` (NULL: still)."""
        was, now = (
            self.rows(versions)
            .where(F.col(self.id).isNotNull())
            .select(self.sk, self.id, "valid_from", F.struct("valid_to").alias(side))
            for versions, side in ((changed.before, "_was"), (changed.after, "_now"))
        )
        rows = was.join(now, [self.sk, self.id, "valid_from"], "full_outer")
        kept = F.col("_was").isNotNull() & F.col("_now").isNotNull()
        ends = [F.col("_was.valid_to"), F.col("_now.valid_to")]
        still = (F.col("_was").isNotNull() & ends[0].isNull()) | (F.col("_now").isNotNull() & ends[1].isNull())
        return rows.where(~F.col("_was").eqNullSafe(F.col("_now"))).select(
            F.col(self.id).alias("_id"),
            # A row that is there before and now only ends elsewhere: up to the earlier end it holds as it did.
            F.when(kept, F.least(*ends)).otherwise(F.col("valid_from")).alias("_since"),
            F.when(~still, F.greatest(*ends)).alias("_until"),
        )

    def renamed(self, facts: DataFrame, changed: Changed, at: Column) -> DataFrame:
        """The facts for whose key another row of the dimension holds at ``at`` than before."""
        stretch = self.moved(changed)
        held = (F.col(self.id) == F.col("_id")) & holds_at(at, since=F.col("_since"), until=F.col("_until"))
        return facts.join(F.broadcast(stretch), held, "left_semi")


TENANT = Dimension(
    sk="tenant_sk",
    id="tenant_id",
    tracked={
        "name": "name",
        "slug": "slug",
        "domain": "domain",
        "is_active": "is_active",
        "plan_type": "get_json_object(settings, '$.plan_type')",
        "timezone": "get_json_object(settings, '$.timezone')",
        "currency": "get_json_object(settings, '$.currency')",
        "locale": "get_json_object(settings, '$.locale')",
    },
)
CUSTOMER = Dimension(
    sk="customer_sk",
    id="customer_id",
    tracked={
        name: name
        for name in ("tenant_id", "email", "first_name", "last_name", "phone", "country", "segment", "is_active")
    },
)
PRODUCT = Dimension(
    sk="product_sk",
    id="product_id",
    # Stock is a level that moves with every order, no trait of the product.
    tracked={name: name for name in ("tenant_id", "sku", "name", "category", "price", "cost", "is_active")},
)
