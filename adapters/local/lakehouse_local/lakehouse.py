"""A lakehouse as an object, for notebooks, scripts and tests: what the command line does, answered as Python values."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
from pyspark.sql import DataFrame, SparkSession

from lakehouse_core import serve
from lakehouse_core.errors import TableMissing
from lakehouse_core.gold.keys import MART_KEY
from lakehouse_core.quality import Report
from lakehouse_core.tables import format_named
from lakehouse_local import environment, extensions, supervisor
from lakehouse_local import settings as settings_module
from lakehouse_local.aws import Aws
from lakehouse_local.environment import Environment
from lakehouse_local.errors import NotRunning
from lakehouse_local.lake import checks, records, sources, work
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.lake.work import RunReport
from lakehouse_local.proof.verify import VerifyReport
from lakehouse_local.query import names
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.query.names import Kind
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session
from lakehouse_local.storage import S3Storage
from source_app import seeding, simulation
from source_app.database import connected


def _quietly(*_: object) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Lakehouse:
    """One home and everything that a user can do with it; errors are those of the command line."""

    settings: Settings

    @classmethod
    def running(cls, settings: Settings | None = None) -> "Lakehouse":
        """The lakehouse that ``lakehouse up`` started (in LAKEHOUSE_HOME); NotRunning if there is none."""
        chosen = settings or settings_module.from_environment()
        if supervisor.living(chosen.home) is None:
            raise NotRunning(
                f"no lakehouse is running in {chosen.home}",
                hint="in a terminal: lakehouse up && lakehouse seed --scale small && lakehouse run; LAKEHOUSE_HOME says "
                "where, if it is not the folder .lakehouse here",
            )
        return cls(chosen)

    @property
    def parts(self) -> Environment:
        """The running servers."""
        return environment.load(self.settings)

    @property
    def storage(self) -> S3Storage:
        """The lake's S3, as the core sees one."""
        return S3Storage(self.parts.s3)

    @property
    def aws(self) -> Aws:
        """The lake's AWS endpoint for boto3 and other clients."""
        return Aws.of(self.parts)

    @property
    def spark(self) -> SparkSession:
        """This process's Spark, connected to the lake's S3."""
        return session(self.settings, self.parts.s3, "lakehouse")

    def bucket(self, layer: str) -> str:
        """A layer's bucket: bronze, silver, gold, scripts or athena."""
        return self.settings.naming.bucket(layer)

    def up(self) -> list[str]:
        """Start the servers; what was said."""
        heard: list[str] = []
        supervisor.up(self.settings, heard.append)
        return heard

    def down(self) -> list[str]:
        """Export and stop; what was said."""
        heard: list[str] = []
        supervisor.down(self.settings, heard.append)
        return heard

    def seed(self, scale: str = "small", seed: int = 7) -> seeding.Seeded:
        """Fill the source; nothing happens where it holds that seed already."""
        return seeding.seed(self.parts.postgres.dsn, scale, seed, self.settings.cache / "seeds", _quietly)

    def simulate(self, days: int = 1, seed: int = 7) -> simulation.Simulated:
        """Play business days."""
        return simulation.simulate(self.parts.postgres.dsn, days, seed, _quietly)

    def run(self) -> RunReport:
        """Take in what is committed in the source."""
        return work.run(self.parts, self.settings, _quietly)

    def verify(self) -> VerifyReport:
        """Prove that bronze and silver equal the source."""
        return work.verify(self.parts, self.settings, _quietly)

    def quality(self) -> Report:
        """Check every rule over silver."""
        return checks.report(self.parts, self.settings, _quietly)

    def reload(self) -> sources.Captured:
        """Load the source again as a new epoch: the way to take in a new table, or a new column of silver."""
        return sources.capture(self.parts, self.settings, _quietly, reload=True)

    def records(self) -> list[RunRecord]:
        """Every run, oldest first."""
        return records.every(self.storage, self.settings.naming)

    def query(self, sql: str, as_of: datetime | None = None) -> Sequence[tuple[Any, ...]]:
        """The rows of one SELECT over silver and gold, in DuckDB's dialect, now or as of a business time."""
        return QueryEngine(self.parts, self.settings).run(sql, as_of).rows

    def table(self, name: str) -> DataFrame:
        """A reader's view (``silver.orders``) or a mart (``gold.revenue_daily``) of the last run as a Spark frame.

        Raises:
            TableMissing: nothing has run yet.
            UnknownTable: there is no such view or mart; it lists what there is.
        """
        last = records.latest(self.storage, self.settings.naming)
        if last is None:
            raise TableMissing("the lake is empty: no run has finished yet", hint="lakehouse run")
        blueprint = extensions.blueprint(self.settings)
        marts = {mart.name: mart for mart in blueprint.marts}
        known = [
            relation
            for relation in names.relations(last, blueprint.contracts)
            if relation.kind is Kind.VIEW or relation.name in marts
        ]
        schema, _, plain = name.rpartition(".")
        wanted = names.resolve(known, self.settings.naming, schema, plain)
        spark = self.spark
        lake = Lake(self.settings.naming, self.storage, spark, format_named(last.format, spark), blueprint)
        commit = last.tables[wanted.recorded].commit
        if wanted.contract is not None:
            return serve.reader(lake.format.read_as_of(lake.base(wanted.contract), commit), wanted.contract, last.as_of)
        return lake.format.read_as_of(lake.mart(marts[wanted.name]), commit).drop(MART_KEY)

    def source(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over the source."""
        with self.database() as database, database.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def change(self, *statements: str) -> None:
        """Commit one transaction in the source."""
        with self.database() as database, database, database.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def orm(self) -> Iterator[None]:
        """Django's models write to the source inside this block.

        Import them in it: ``from source_app.core.models import Customer``.
        """
        with connected(self.parts.postgres.dsn):
            yield

    @contextmanager
    def database(self) -> Iterator[psycopg2.extensions.connection]:
        """The application's connection to the source, in UTC."""
        with closing(psycopg2.connect(self.parts.postgres.dsn, options="-c TimeZone=UTC")) as database:
            yield database


__all__ = ["Lakehouse"]
