"""The contracts' quality rules over the lake as the last run left it."""

from pyspark.sql import functions as F

from lakehouse_core import quality, serve
from lakehouse_core.contracts import Op
from lakehouse_core.contracts.envelope import OP
from lakehouse_core.errors import TableMissing
from lakehouse_core.quality import Report
from lakehouse_core.tables import format_named
from lakehouse_local.environment import Environment
from lakehouse_local.extensions import blueprint
from lakehouse_local.lake import records
from lakehouse_local.lake.lake import Lake
from lakehouse_local.progress import Say
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session
from lakehouse_local.storage import S3Storage


def report(environment: Environment, settings: Settings, say: Say) -> Report:
    """Every rule over the current rows of silver, and the rows in open quarantine; TableMissing before the first run."""
    storage = S3Storage(environment.s3)
    last = records.latest(storage, settings.naming)
    if last is None:
        raise TableMissing("the lake is empty: no run has finished yet", hint="lakehouse run")
    spark = session(settings, environment.s3, "lakehouse quality", say)
    lake = Lake(settings.naming, storage, spark, format_named(last.format, spark), blueprint(settings))
    say("checking rules")
    bases = {
        c.entity: lake.format.read_as_of(lake.base(c), last.tables[f"silver.{c.entity}"].commit)
        for c in lake.blueprint.contracts.values()
    }
    held = {entity: base.where(F.col(OP) == Op.QUARANTINE).count() for entity, base in bases.items()}
    contracts = lake.blueprint.contracts
    # Not persisted, which could not be undone: see lakehouse_core.flow.
    views = {
        entity: serve.reader(base, contracts[entity], last.as_of).localCheckpoint(eager=False)
        for entity, base in bases.items()
    }
    return quality.check(views, contracts, held)
