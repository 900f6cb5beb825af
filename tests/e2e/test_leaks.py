"""Secrets and people's data stay where they belong: not in what is printed, logged, drawn or written beside the rows."""

import gzip
import json
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from lakehouse_home import Lakehouse

from lakehouse_local.providers.passwords import passwords_of

pytestmark = pytest.mark.slow

COMMANDS = (
    ("run",),
    ("status",),
    ("status", "--json"),
    ("doctor",),
    ("verify",),
    ("verify", "--json"),
    ("quality",),
    ("quality", "--json"),
    ("history", "silver.customer"),
    ("query", "select no_such_column from silver.customers"),
    ("query", "select * from read_csv('/etc/passwd')"),
    ("query", "select 1 +"),
    ("run", "--format", "delta"),
    ("replicate", "--once"),
    ("upgrade",),
)
PRIVATE = ("passwords.json", "state.json")
"""The files that hold secrets, and therefore belong to their owner alone."""


@dataclass(frozen=True)
class Told:
    """Texts by where they were found, and what none of them may hold, by what it is."""

    texts: Mapping[str, str]
    secrets: Mapping[str, str]
    people: Mapping[str, str]


@pytest.fixture(scope="module")
def told(lake: Lakehouse, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A lake that has worked, failed, and been asked everything."""
    lake.simulate(1)
    said = {}
    for words in COMMANDS:
        done = lake.command(*words)
        assert "Traceback" not in done.err
        said[f"lakehouse {' '.join(words)}"] = done.out + done.err
    page = tmp_path_factory.mktemp("page") / "dashboard.html"
    assert lake.command("dashboard", "--out", str(page)).exit_code == 0
    said["the dashboard"] = page.read_text()
    said |= {f"logs: {path.name}": path.read_text(errors="replace") for path in _logs(lake)}
    said |= _control_objects(lake)
    passwords = passwords_of(lake.settings.home)
    secrets = {
        "the admin's password": passwords.admin,
        "the application's password": passwords.app,
        "the capture's password": passwords.capture,
        "the S3 secret": lake.parts.s3.secret_key,
    }
    assert lake.parts.aws is not None
    credentials = ConfigParser()
    credentials.read(Path(lake.parts.aws.folder) / "credentials")
    secrets |= {
        f"the endpoint's secret of {name}": credentials[name]["aws_secret_access_key"]
        for name in credentials.sections()
    }
    # LocalStack's own secret is one word that everybody knows, and that is in many texts.
    secrets = {what: text for what, text in secrets.items() if len(text) > len("localstack")}
    rows = lake.source("select id, email, phone from core_customer where length(phone) > 8")
    people = {
        f"{what} of customer {key}": text
        for key, *both in rows
        for what, text in zip(("mail", "phone"), both, strict=True)
    }
    return Told(said, secrets, people)


def _logs(lake: Lakehouse) -> Iterator[Path]:
    return (path for path in (lake.settings.home / "logs").rglob("*") if path.is_file())


def _control_objects(lake: Lakehouse) -> dict[str, str]:
    """What we write beside the rows: manifests, intents, leases, run records."""
    found = {}
    for layer in ("bronze", "silver", "gold"):
        bucket = lake.settings.naming.bucket(layer)
        for key in lake.storage.keys(bucket, "_lakehouse/"):
            found[f"s3://{bucket}/{key}"] = lake.storage.get(bucket, key).decode()
    return found


def test_no_secret_is_told(told: Told) -> None:
    """Passwords and keys are in no output, log, page or object."""
    assert len(told.secrets) >= 3
    found = [(what, where) for what, text in told.secrets.items() for where, said in told.texts.items() if text in said]
    assert found == []


def test_no_person_is_told(told: Told) -> None:
    """Mail addresses and telephone numbers of customers are in no output, log, page or object beside the rows."""
    assert len(told.people) > 100
    found = [(what, where) for what, text in told.people.items() for where, said in told.texts.items() if text in said]
    assert found == []


def test_the_search_finds_what_is_there(lake: Lakehouse, told: Told) -> None:
    """Where the people do belong, in bronze, the same search finds them: it can fail."""
    bucket = lake.settings.naming.bucket("bronze")
    keys = [key for key in lake.storage.keys(bucket, "") if "core_customer" in key]
    bronze = "".join(gzip.decompress(lake.storage.get(bucket, key)).decode() for key in keys)
    mails = [text for what, text in told.people.items() if what.startswith("mail")]
    assert sum(mail in bronze for mail in mails) > len(mails) / 2


def test_who_may_read_the_secrets(lake: Lakehouse, told: Told) -> None:
    """In the home, secrets are in files that their owner alone may read, and in no others."""
    assert told.secrets
    for path in (each for each in lake.settings.home.rglob("*") if each.is_file()):
        body = path.read_bytes()
        if any(secret.encode() in body for secret in told.secrets.values()):
            assert path.stat().st_mode & 0o077 == 0, f"{path} can be read by others"
    for name in PRIVATE:
        assert json.loads((lake.settings.home / name).read_text())


def test_every_port_is_on_loopback(lake: Lakehouse) -> None:
    """Whatever the lakehouse started listens where nobody else's machine can call."""
    supervisor = psutil.Process(lake.parts.supervisor_pid)
    ports = [
        port.laddr
        for process in (supervisor, *supervisor.children(recursive=True))
        for port in process.net_connections("inet")
        if port.status == psutil.CONN_LISTEN
    ]
    assert len(ports) >= 3
    assert {port.ip for port in ports} <= {"127.0.0.1", "::1"}
