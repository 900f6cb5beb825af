"""Fill an empty database with six months of a business."""

import gzip
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.utils import DatabaseError
from psycopg2 import errors as pg
from psycopg2 import sql

from source_app import history
from source_app.database import connected, read_clock, read_stamp, setup, write_clock, write_stamp
from source_app.errors import DatabaseNotEmpty, InvalidRequest, SeedCacheDamaged
from source_app.progress import Progress
from source_app.scales import scale_named

ADMIN_NAME = "admin"
ADMIN_PASSWORD = "demo"  # noqa: S105 - opens an admin page on loopback over generated data; the README names it

# Django fills these itself when it migrates.
_FILLED_BY_MIGRATE = ("django_migrations", "django_content_type", "auth_permission")


@dataclass(frozen=True)
class Seeded:
    """What a database holds after seeding. ``fresh`` is false if it held this seed already.

    ``rows`` are those of the seed by table; ``manifest`` names the planted defects (JSON, rule id -> rows).
    """

    scale: str
    seed: int
    fresh: bool
    rows: Mapping[str, int]
    clock: str
    manifest: Path

    def summary(self) -> str:
        """One sentence for a person."""
        total = f"{sum(self.rows.values()):,} rows in {len(self.rows)} tables"
        if not self.fresh:
            return f"nothing to do: the database holds scale {self.scale}, seed {self.seed} already ({total})"
        return f"seeded scale {self.scale}, seed {self.seed}: {total}, up to {self.clock}; defects in {self.manifest}"

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "manifest": str(self.manifest)}


def seed(dsn: str, scale: str, seed: int, cache: Path, progress: Progress) -> Seeded:
    """Migrate the database and fill it in one transaction; everything follows from (scale, seed).

    Args:
        dsn: of the application's role, which owns the database.
        scale: a name in ``SCALES``.
        seed: any number from 0.
        cache: a folder for generated files, used again by the next seed of the same scale and number.
        progress: called with (what, done, of how many).

    Raises:
        UnknownScale: there is no such scale.
        DatabaseNotEmpty: the database holds other rows.
        DatabaseSettingRefused: the role may not keep the business clock.
        SeedCacheDamaged: a cached file is cut or altered.
    """
    scale_named(scale)
    if seed < 0:
        raise InvalidRequest(f"a seed is a number from 0, not {seed}", "--seed 7")
    setup()
    from django.core.management import call_command  # noqa: PLC0415 - needs the settings

    from source_app.generate.cache import seed_files  # noqa: PLC0415 - its factories need the models

    stamp = f"seed scale={scale} seed={seed} version={history.VERSION}"
    with connected(dsn):
        found = read_stamp()
        if found != stamp:
            _refuse_rows(found)
        files = seed_files(cache, scale, seed, progress)
        if found != stamp:
            call_command("migrate", verbosity=0, interactive=False)
            with transaction.atomic():
                for number, (table, rows) in enumerate(files.rows.items(), start=1):
                    _copy(table, files.columns[table], rows, files.copy_file(table))
                    progress("loaded", number, len(files.rows))
                _add_admin()
                with connection.cursor() as cursor:
                    cursor.execute("update django_migrations set applied = %s", [history.START])
                write_clock(history.END)
                write_stamp(stamp)
            with connection.cursor() as cursor:
                cursor.execute("analyze")
        clock = read_clock() or history.END
    return Seeded(scale, seed, found != stamp, files.rows, clock.isoformat(), files.manifest)


def _refuse_rows(found: str | None) -> None:
    """Only a database without rows is filled."""
    elsewhere = "drop the database or name an empty one; lakehouse down --help tells how to start anew"
    if found:
        raise DatabaseNotEmpty(f"the database holds another seed already ({found})", elsewhere)
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name not in _FILLED_BY_MIGRATE]
        for name in names:
            cursor.execute(
                sql.SQL("select exists (select from {})").format(sql.Identifier(name)).as_string(cursor.connection)
            )
            if cursor.fetchone()[0]:
                raise DatabaseNotEmpty(f"the database is not empty: {name} has rows that no seed made", elsewhere)


def _copy(table: str, columns: tuple[str, ...], rows: int, file: Path) -> None:
    with connection.cursor() as cursor:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        copy = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), names)
        try:
            with gzip.open(file, "rb") as lines:
                cursor.copy_expert(copy.as_string(cursor.connection), lines)
        except (OSError, pg.QueryCanceled, pg.DataError, DatabaseError) as broken:
            raise _damaged(file, str(broken).splitlines()[0]) from broken
        if cursor.rowcount != rows:
            raise _damaged(file, f"{cursor.rowcount} rows instead of {rows}")
        # Ids came with the rows: the next one that the application asks for follows them.
        cursor.execute("select setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, rows])


def _damaged(file: Path, why: str) -> SeedCacheDamaged:
    return SeedCacheDamaged(f"{file} cannot be loaded: {why}", f"remove {file.parent} and seed again")


def _add_admin() -> None:
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415 - needs the settings
    from django.contrib.auth.models import User  # noqa: PLC0415 - needs the settings

    User.objects.create(
        username=ADMIN_NAME,
        # A fixed salt: the same seed gives the same row.
        password=make_password(ADMIN_PASSWORD, salt="source-app-demo"),
        is_staff=True,
        is_superuser=True,
        date_joined=history.START,
    )
