"""Two lakes of one source and one bronze, one on each table format."""

from dataclasses import dataclass, replace

from lakehouse_home import Lakehouse

from lakehouse_local.lake import work
from lakehouse_local.lake.sources import Captured
from lakehouse_local.providers import s3_client, s3_export


@dataclass(frozen=True)
class Lakes:
    """The Delta lake, which its own capture feeds, and the Hudi lake, which is given the same bronze."""

    delta: Lakehouse
    hudi: Lakehouse

    def take_in(self) -> None:
        """One run on each side over the same manifests."""
        work.run(self.delta.parts, self.delta.settings, lambda _: None, table_format="delta")
        storage, source = self.delta.storage, self.delta.bucket("bronze")
        for key in storage.keys(source, ""):
            storage.put(self.hudi.bucket("bronze"), key, storage.get(source, key))
        nothing = Captured(0, 0, 0, 0.0)
        work.take_in(self.hudi.parts, self.hudi.settings, nothing, lambda _: None, table_format="hudi")


def beside(lake: Lakehouse) -> Lakes:
    """The lake, which is to be the Delta one, and a Hudi lake without anything in it."""
    both = Lakes(lake, Lakehouse(replace(lake.settings, naming=replace(lake.settings.naming, suffix="hudi"))))
    for layer in ("bronze", "silver", "gold"):
        s3_export.create_bucket(s3_client.client(lake.parts.s3), both.hudi.bucket(layer), lake.parts.s3.region)
    return both
