"""`lakehouse backfill`: what was captured in a period is taken in once more, and gold refreshed.

For a silver function that has changed since, and for tables that were damaged: silver then holds the fold of the same
changes, so a row that was right stays as it is, and repeating a backfill changes nothing. The change log and the
quarantine have these changes already and are left alone: what types a cell, or quarantines a row, has changed for all
of history or not at all (``lakehouse replicate --reload``). The account counts the changes again, as superseded.
"""

from datetime import datetime

from lakehouse_core.errors import NothingCaptured
from lakehouse_local.capture import manifest
from lakehouse_local.environment import Environment
from lakehouse_local.lake import sources, work
from lakehouse_local.lake.work import RunReport
from lakehouse_local.progress import Say
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage


def backfill(environment: Environment, settings: Settings, since: datetime, until: datetime, say: Say) -> RunReport:
    """Take in again the changes whose batch ended at business times from ``since`` to before ``until``.

    What is new is taken in first, by a run of its own. Full loads are not repeated: they would say that whatever they
    lack is deleted (``lakehouse replicate --reload`` loads anew).

    Raises:
        NothingCaptured: the newest epoch has no changes in that period.
        LakehouseError: by name, as for a run.
    """
    captured = sources.capture(environment, settings, say)
    work.take_in(environment, settings, captured, say)
    chain = manifest.read_chain(S3Storage(environment.s3), settings.naming.bucket("bronze"))
    changes = [each for each in chain if each.epoch == chain[-1].epoch and each.kind != "load"]
    chosen = tuple(each for each in changes if since <= each.clock_time < until)
    if not chosen:
        there = (
            f"from {changes[0].clock_time:%Y-%m-%d %H:%M} to {changes[-1].clock_time:%Y-%m-%d %H:%M} UTC"
            if changes
            else "none"
        )
        raise NothingCaptured(
            f"no changes were captured from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC",
            hint=f"changes of epoch {chain[-1].epoch}: {there}; lakehouse replicate --reload takes in everything anew",
        )
    return work.repeat(environment, settings, chosen, say)
