"""One lake: its storage, its table format and where each table is."""

from dataclasses import dataclass

from pyspark.sql import SparkSession

from lakehouse_core.blueprint import STANDARD, Blueprint
from lakehouse_core.contracts import Contract, Naming
from lakehouse_core.contracts.envelope import POSITION
from lakehouse_core.gold import Mart
from lakehouse_core.ports import Storage, Table, TableFormat

MART_KEY = "mart_key"


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

    def base(self, contract: Contract) -> Table:
        """The silver base table of an entity."""
        return Table(
            name=contract.entity,
            database=self.naming.database("silver"),
            location=f"s3a://{self.silver}/{contract.entity}",
            key=contract.key,
            ordering=POSITION,
            rows_hint=contract.rows_hint,
            merge_on_read=contract.entity in self.merge_on_read,
        )

    def mart(self, mart: Mart) -> Table:
        """The gold table of a mart."""
        return Table(
            name=mart.name,
            database=self.naming.database("gold"),
            location=f"s3a://{self.naming.bucket('gold')}/{mart.name}",
            key=MART_KEY,
        )

    def log(self, contract: Contract) -> str:
        """The folder of an entity's change log; one folder per run below it."""
        return f"s3a://{self.silver}/{contract.entity}_version"

    def quarantine(self, contract: Contract) -> str:
        """The folder of an entity's quarantined rows; one folder per run below it."""
        return f"s3a://{self.silver}/quarantine/entity={contract.entity}"
