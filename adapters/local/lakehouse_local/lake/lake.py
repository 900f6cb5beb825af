"""One lake: its storage, its table format and where each table is."""

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from lakehouse_core import intake
from lakehouse_core.blueprint import STANDARD, Blueprint
from lakehouse_core.contracts import Contract, Naming
from lakehouse_core.gold import Mart
from lakehouse_core.intake import Place
from lakehouse_core.ports import Storage, Table, TableFormat


@dataclass(frozen=True)
class Lake:
    """What a run needs of the world.

    ``merge_on_read`` names the entities whose base tables are created as such (docs/adr/0011).
    """

    naming: Naming
    storage: Storage
    spark: SparkSession
    format: TableFormat
    blueprint: Blueprint = STANDARD
    merge_on_read: frozenset[str] = frozenset()

    @property
    def bronze(self) -> str:
        """The bronze bucket."""
        return self.naming.bucket("bronze")

    @property
    def silver(self) -> str:
        """The silver bucket; it also holds leases, intents and run records."""
        return self.naming.bucket("silver")

    def place(self, contract: Contract) -> Place:
        """Where an entity's silver tables are."""
        return intake.place(
            contract,
            self.naming.database("silver"),
            f"s3a://{self.silver}",
            merge_on_read=contract.entity in self.merge_on_read,
        )

    def base(self, contract: Contract) -> Table:
        """The silver base table of an entity."""
        return self.place(contract).base

    def mart(self, mart: Mart) -> Table:
        """The gold table of a mart."""
        return intake.mart_table(mart, self.naming.database("gold"), f"s3a://{self.naming.bucket('gold')}")

    def log(self, contract: Contract, before: int, since: int = 0) -> DataFrame:
        """An entity's change log of the runs from ``since`` on and before ``before``."""
        return intake.history(self.spark, contract, self.place(contract).log, before, since)
