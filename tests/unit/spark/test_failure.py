"""What Spark throws, as the command line says it."""

from pathlib import Path

from py4j.protocol import Py4JNetworkError
from pyspark.errors import AnalysisException

from lakehouse_local.settings import Settings
from lakehouse_local.spark import failure


def test_what_spark_throws_is_named_and_kept(tmp_path: Path) -> None:
    """One line says what went wrong; all of it is in a file that the hint names."""
    chosen = Settings(tmp_path, tmp_path)
    for problem in (Py4JNetworkError("Answer from Java side is empty\nand more"), AnalysisException("no such column")):
        named = failure.named(problem, chosen)
        assert named is not None
        assert named.code == "spark-failed"
        assert str(problem).splitlines()[0] in named.message
        assert str(tmp_path / "logs" / "failures.log") in str(named.hint)
    kept = (tmp_path / "logs" / "failures.log").read_text()
    assert "Py4JNetworkError" in kept
    assert "no such column" in kept


def test_our_own_mistakes_stay_what_they_are(tmp_path: Path) -> None:
    """A mistake in our code is not explained away."""
    assert failure.named(KeyError("x"), Settings(tmp_path, tmp_path)) is None
