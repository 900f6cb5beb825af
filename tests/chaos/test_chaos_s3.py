"""Each kind of failure of S3 at each kind of call of the capture: it goes on, or ends with one of our errors."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.config import Config
from chaos.application import application
from chaos.capturing import End, Life, Subject, ended
from chaos.s3_proxy import CONDITIONAL, FAULTS, Fault, Proxy, Rule, proxied
from chaos.share import SHARE

from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.environment import S3Part
from lakehouse_local.providers import s3_client

pytestmark = pytest.mark.slow

MANIFEST = "_lakehouse/manifests"
WRITES = {
    "load manifest": (f"PUT .*/{MANIFEST}/0001/0{{12}}", 1),
    "first file of changes": ("PUT .*/cdc/", 1),
    "second file of changes": ("PUT .*/cdc/", 2),
    "first manifest of changes": (f"PUT .*/{MANIFEST}/0001/0{{11}}1", 1),
    "second manifest of changes": (f"PUT .*/{MANIFEST}/0001/0{{11}}2", 1),
}
OTHERS = {
    "first load file": ("PUT .*/LOAD", 1),
    "second load file": ("PUT .*/LOAD", 2),
    "first list": (r"GET .*list-type=2", 1),
    "second list": (r"GET .*list-type=2", 2),
    "checkpoint": (f"GET .*/{MANIFEST}/0001/", 1),
}
CASES = [
    *((call, fault) for call in (WRITES | OTHERS).items() for fault in FAULTS.items()),
    *((call, fault) for call in WRITES.items() for fault in CONDITIONAL.items()),
]
WIRE = DmsWire(S3Settings(CdcMinFileSize=2, MaxFileSize=1))


@pytest.fixture(scope="module")
def proxy(s3_server: S3Part) -> Iterator[Proxy]:
    """A proxy before S3."""
    with proxied(s3_server) as running:
        yield running


@pytest.mark.parametrize(
    ("at", "fault"),
    [(call, fault) for (_, call), (_, fault) in CASES],
    ids=[f"{fault} at the {call}" for (call, _), (fault, _) in CASES],
)
@pytest.mark.skipif(SHARE < 1, reason="make chaos")
def test_a_fault_of_s3(
    subject: Subject, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, at: tuple[str, int], fault: Fault
) -> None:
    """The fault happens; afterwards, in peace, nothing is lost and nothing doubled."""
    monkeypatch.setattr(s3_client, "CONFIG", s3_client.CONFIG.merge(Config(read_timeout=1)))
    through = replace(subject, s3=proxy.part)
    with application(subject.source.owner_dsn, seed=7) as app:
        app.run(60)
        proxy.rule = Rule(*at, fault)
        for _ in range(2):
            assert ended(through.start(Life(WIRE))) in (End.DONE, End.NAMED)
            app.run(60)
        assert proxy.rule.fired, "the call was never made"
        proxy.rule = None
        assert ended(through.start(Life(WIRE))) is End.DONE
        subject.assert_nothing_lost(app.writers[0].database)
