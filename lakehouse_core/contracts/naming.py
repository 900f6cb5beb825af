"""Names of buckets and databases, as the POC has them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Naming:
    """One deployment's names.

    >>> Naming().bucket("bronze"), Naming().database("silver")
    ('lakehouse-poc-dev-bronze-ti4jmrk8', 'lakehouse-poc_dev_silver')
    """

    project: str = "lakehouse-poc"
    environment: str = "dev"
    suffix: str = "ti4jmrk8"

    @property
    def prefix(self) -> str:
        """Project and environment: how every name but a database's begins, and what tells one deployment from another."""
        return f"{self.project}-{self.environment}"

    def bucket(self, layer: str) -> str:
        """The bucket of a layer: bronze, silver, gold, scripts or athena."""
        return f"{self.prefix}-{layer}-{self.suffix}"

    def database(self, layer: str) -> str:
        """The catalog database of a layer: bronze, silver or gold."""
        return f"{self.project}_{self.environment}_{layer}"
