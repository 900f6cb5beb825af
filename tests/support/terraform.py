"""Terraform over a copy of the repository's modules, with the provider from a filesystem mirror of this machine."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "infra" / "terraform"
_HOST = "registry.terraform.io"
_PROVIDER = f"{_HOST}/hashicorp/aws/5.100.0"
_PLACES = ("/opt", "/usr/share", "/usr/local/share", "/usr/lib", "/var/lib")


@dataclass(frozen=True)
class Terraform:
    """One folder of a copy, initialised; its state is in the copy."""

    program: str
    folder: Path
    variables: Mapping[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``terraform ...`` until it ends."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=dict(self.variables),
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def must(self, *arguments: str) -> str:
        """Run it; what it printed. Fails with its errors."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr or done.stdout[-4000:]
        return done.stdout


def found() -> str:
    """Terraform's path; the test is skipped where there is none."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    return program


def initialised(folder: Path, where: str, variables: Mapping[str, str]) -> Terraform:
    """``envs/...`` or ``modules/...`` in a copy below ``folder``; skipped where Terraform or its provider is missing."""
    program = found()
    mirror = next((place for place in _mirrors() if (place / _PROVIDER).is_dir()), None)
    if mirror is None:
        pytest.skip(f"no folder of this machine has the provider hashicorp/aws 5.100.0 ({_HOST}/...)")
    copy = folder / "terraform"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    config = folder / "terraform.rc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    quiet = {"TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_CLI_ARGS": "-no-color"}
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    made = Terraform(program, copy / where, {**inherited, **variables, **quiet})
    made.must("init")
    return made


def _mirrors() -> Iterator[Path]:
    """Where providers may lie: Terraform's own places, and folders of shared files with a mirror in them."""
    yield Path.home() / ".terraform.d" / "plugins"
    for place in map(Path, _PLACES):
        yield from (host.parent for host in place.glob(f"*/{_HOST}"))
        yield from (host.parent for host in place.glob(f"*/*/{_HOST}"))
