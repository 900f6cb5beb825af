# `make` lists itself; one target is one thing that CI or a developer does.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
GLUE_WHEELS := .venv-glue/wheels/.ready
COMPILE := $(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
# Two processes side by side, about as long as each other: one has Spark in it, the other has not (tests/conftest.py).
SIDE_BY_SIDE := $(MAKE) --no-print-directory --jobs 2 --output-sync=target

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-wide test-all test-with-jvm test-without-jvm quick check unit spark adapters e2e containers docker-images aws-check test-spark4 planted-bugs bad-inputs chaos chaos-long audit docs bench lock clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): requirements/bootstrap.lock requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "Python 3.11 is needed (AWS Glue 5.1 has it); found " + sys.version.split()[0] + ". Try: make PYTHON=/path/to/python3.11")'
	@echo "setup: Python environment from the locks (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-build-isolation-package pyspark -r requirements/dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(READY)

# An environment of its own for each of these: their locks do not agree with one another.
WHAT_clients := AWS's clients for the tests
WHAT_glue := the Python packages of AWS Glue 5.1, for jobs
WHAT_checkov := checkov, for Terraform
WHAT_audit := pip-audit, which looks for known vulnerabilities
WHAT_docs := Zensical, for the documents' site
WHAT_spark4 := Spark 4.1, for the core's and the jobs' tests
.venv-%/.ready: requirements/%.lock | $(READY)
	@echo "setup: $(WHAT_$*), in an environment of its own (once)"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-$*
	@$(BIN)/uv pip install --quiet --python .venv-$*/bin/python --require-hashes --build-constraints requirements/bootstrap.lock -r $<
	@touch $@

# Made again with the environment, whose folder they are in.
$(GLUE_WHEELS): requirements/glue-modules.lock .venv-glue/.ready
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: --dest $(@D) -r $<
	@touch $@

setup: $(READY) .venv-clients/.ready $(GLUE_WHEELS) .venv-checkov/.ready ## install everything that a run or a test needs (the only step that needs a network)
	@$(BIN)/python -m lakehouse_local.setup

demo: $(READY) ## six months of a business from PostgreSQL to proven gold, then three more days
	@$(BIN)/python -m lakehouse_local.setup
	@$(BIN)/python -m lakehouse_local.demo

test: setup ## the trunk, from the source to the proof, on every layer that this machine can run; what it cannot is named
	@$(MAKE) --no-print-directory check
	@$(SIDE_BY_SIDE) test-with-jvm test-without-jvm REPORT=test WHICH="not wide and not slow and not long"

test-wide: setup ## what stands on the trunk: the AWS endpoint and its clients, Glue jobs, real Debezium, dashboard, watch
	@$(SIDE_BY_SIDE) test-with-jvm test-without-jvm REPORT=test-wide WHICH="wide and not slow and not long"

test-all: setup ## both, and what takes minutes: formats, wires, a cluster, restarts, notebooks, a share of the chaos
	@$(MAKE) --no-print-directory check
	@$(SIDE_BY_SIDE) test-with-jvm test-without-jvm REPORT=test-all WHICH="not long"

test-with-jvm: setup
	@$(BIN)/python -m pytest --junitxml .reports/$(REPORT)-with-jvm.xml -m "spark and ($(WHICH))"

test-without-jvm: setup
	@$(BIN)/python -m pytest --junitxml .reports/$(REPORT)-without-jvm.xml -m "not spark and ($(WHICH))"

quick: $(READY) check unit ## style, types and the tests without a JVM: under a minute

check: $(READY) ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

unit: $(READY) ## tests without a JVM
	@$(BIN)/python -m pytest tests/unit

spark: setup ## the pure core on one shared Spark
	@$(BIN)/python -m pytest tests/spark

adapters: setup ## capture, providers, table formats, queries on real PostgreSQL, S3 and Spark
	@$(BIN)/python -m pytest tests/adapters

e2e: setup ## the whole way, from the source to gold
	@$(BIN)/python -m pytest tests/e2e

containers: setup docker-images ## the container layer alone (needs a container engine)
	@$(BIN)/python -m pytest -m container

docker-images: ## build the PostgreSQL 15 and LocalStack images
	@infra/docker/build

test-spark4: .venv-spark4/.ready ## the core's and the jobs' tests on Spark 4.1 with ANSI on, which AWS Glue 6.0 has
	@PYTHONPATH=.:adapters/local:adapters/aws:tests/support .venv-spark4/bin/python -m pytest -p spark4 -m "not long" \
	  --ignore tests/spark/flow/test_planted_bugs.py tests/spark tests/adapters/tables tests/adapters/aws

aws-check: setup ## all that can be checked of AWS without an account: wheel, jobs, Terraform, plan, deployment, bill
	@$(BIN)/python -m pytest -m "not long" tests/unit/aws tests/unit/ship tests/adapters/aws \
	  tests/emulator/test_glue_lake_job.py tests/emulator/test_ship.py tests/emulator/test_terraform.py tests/emulator/test_poc_walkthrough.py

planted-bugs: setup ## plant bugs in the core and in the capture, one at a time, and print which test catches each
	@$(BIN)/python -m pytest -m long tests/spark/flow/test_planted_bugs.py tests/adapters/capture/test_capture_bugs.py

bad-inputs: setup ## print which tests meet each of our errors; an error that none meets fails
	@$(BIN)/python -m pytest -n 2 --dist loadfile -p bad_inputs -m "not slow and not long" tests/unit tests/docs tests/spark tests/adapters tests/emulator \
	  tests/e2e/test_bad_input.py tests/e2e/test_providers.py

chaos: setup ## break it: kills, crashes, failing S3, racing writers, planted bugs, attacks, a soak; an hour and a half
	@CHAOS_SHARE=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "" tests/chaos tests/unit/fuzz tests/spark/bronze/test_bronze_fuzz.py tests/emulator/test_athena_attacks.py \
	  tests/e2e/test_run_points.py tests/e2e/test_run_kills.py tests/e2e/test_clock_skew.py tests/e2e/test_schema_changes.py \
	  tests/e2e/test_leaks.py tests/e2e/test_soak.py \
	  tests/spark/flow/test_planted_bugs.py tests/adapters/capture/test_capture_bugs.py

chaos-long: setup ## ten times as many histories, and a soak of 100 minutes: a night's work
	@CHAOS_SHARE=10 $(BIN)/python -m pytest -m "" tests/chaos/test_chaos_schedules.py tests/chaos/test_chaos_postgres.py \
	  tests/chaos/test_chaos_writers.py tests/e2e/test_soak.py

# --strict: what cannot be looked up is a failure, not a silence.
audit: .venv-audit/.ready ## look up every locked package's known vulnerabilities (needs a network; fails where it cannot look)
	@for lock in requirements/*.lock; do case $$lock in */spark4-jars.lock) continue;; esac; echo "$$lock"; \
	  .venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off --requirement $$lock || exit 1; done

docs: .venv-docs/.ready ## build the documents' site into site/ (site/index.html opens from disk), with the last tests' report; a dead link fails
	@$(BIN)/python tests/support/report.py .reports docs/test-report.md
	@.venv-docs/bin/zensical build --strict --clean

bench: setup ## speed as ratios against a peer in one run
	@$(BIN)/python -m bench

lock: $(READY) ## resolve the locks anew
	@for name in bootstrap java clients glue glue-modules checkov spark4 audit docs; do $(COMPILE) requirements/$$name.in -o requirements/$$name.lock || exit 1; done
	@$(COMPILE) pyproject.toml --extra dev -o requirements/dev.lock
	@$(COMPILE) --exclude-newer 2025-06-15 requirements/localstack.in -o requirements/localstack.lock

clean: ## remove the environment and what the tests left (a running lakehouse is stopped first)
	@test ! -x $(BIN)/lakehouse || $(BIN)/lakehouse down
	@rm -rf .venv .venv-* .lakehouse .reports docs/test-report.md site .mypy_cache .ruff_cache .pytest_cache .hypothesis
