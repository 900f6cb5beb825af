"""The page of the last test run says what pytest wrote."""

from pathlib import Path

import report

JUNIT = """<testsuites><testsuite name="pytest" timestamp="2026-01-02T03:04:05.678" time="61.2">
<testcase classname="tests.unit.athena.test_x" name="test_a" time="1.5"/>
<testcase classname="tests.unit.athena.test_x" name="test_b[a|b]" time="30"><failure message="assert 1 == `2`&#10;more">…</failure></testcase>
<testcase classname="tests.e2e.test_y.TestZ" name="test_c" time="0"><skipped message="no &lt;engine&gt;">…</skipped></testcase>
<testcase classname="tests.e2e.test_y" name="test_d" time="2"><error message="broken">…</error></testcase>
</testsuite></testsuites>"""


def test_the_page(tmp_path: Path) -> None:
    """Rooms with their counts, what failed and what was skipped with its reason, the slowest."""
    (tmp_path / "with-jvm.xml").write_text(JUNIT)
    report.main(tmp_path, tmp_path / "page.md")
    said = (tmp_path / "page.md").read_text()
    assert "- `with-jvm`, 2026-01-02 03:04:05: 4 tests in 61 s" in said
    assert "| tests/unit/athena | 2 | 1 | 1 | 0 | 32 |" in said
    assert "| **all** | 4 | 1 | 2 | 1 | 34 |" in said
    assert "- `tests/unit/athena` `test_b[a|b]`: assert 1 == '2'" in said
    assert "`test_c`: no &lt;engine>" in said
    assert said.index("30 s: ") < said.index("2 s: `")


def test_before_any_run(tmp_path: Path) -> None:
    """Without a file it says that nothing has run."""
    report.main(tmp_path, tmp_path / "page.md")
    assert "No test has run in this clone yet." in (tmp_path / "page.md").read_text()
