"""The walkthrough of the proof-of-concept document, from Terraform's resources to gold in Athena."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_clients import programs
from terraform import initialised

from lakehouse_local import settings as settings_module
from lakehouse_local import supervisor
from lakehouse_local.providers import exports
from lakehouse_local.providers.errors import ProviderUnavailable
from lakehouse_local.settings import Settings

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.spark, pytest.mark.timeout(2400)]


def test_every_command_of_the_document(tmp_path: Path) -> None:
    """The script ends with what it says at its end, after silver and gold were read by Athena."""
    clients = programs()
    settings = Settings(tmp_path / "home", settings_module.from_environment().cache, s3="localstack")
    try:
        running = supervisor.up(settings, lambda _: None)
    except ProviderUnavailable as error:
        pytest.skip(str(error))
    try:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PG"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), str(clients), os.environ["PATH"]])
        homes = {"PATH": path, "LAKEHOUSE_HOME": str(settings.home), "LAKEHOUSE_CACHE": str(settings.cache)}
        seed = [sys.executable, "-m", "lakehouse_local.cli", "seed", "--scale", "small"]
        subprocess.run(seed, env=inherited | homes, check=True, capture_output=True)
        variables = exports(running)
        terraform = initialised(tmp_path, "envs/local", inherited | homes | variables)
        done = subprocess.run(
            [ROOT / "examples" / "poc_walkthrough" / "walkthrough.sh"],
            env={**terraform.variables, "TERRAFORM_FOLDER": str(terraform.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert done.stdout.endswith("the walkthrough is complete\n")
        for day in ("Phase 1", "Day 1", "Day 2", "Days 3 to 5", "Day 6"):
            assert f"== {day}: " in done.stdout
        assert "a month in us-west-2, prices of " in done.stdout.partition("== What this would cost")[2]
    finally:
        supervisor.down(settings, lambda _: None)
