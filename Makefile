# Everything that is done with this repository, the same here, in CI and on a server.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory --warn-undefined-variables
.DELETE_ON_ERROR:

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
WEB_SOURCES := $(shell find web -type d \( -name node_modules -o -name dist -o -name tests \) -prune \
	-o -type f -not -name '.*' -print 2>/dev/null)
ARGS ?=
TESTS ?= tests
# Most tests wait more than they work: four at a time fill two cores (decision 0110). WORKERS=0 runs them one after another, in view.
WORKERS ?= 4

.PHONY: help
help: ## show this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1mmake %-12s\033[0m %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  TESTS=tests/unit/... narrows make test, WORKERS=0 runs it in one process; ARGS='...' is handed to the command behind a target."

.PHONY: setup
setup: .venv/stamp-run web/dist/index.html ## install what running needs, from the lock, and build the web pages

.PHONY: run
run: setup ## set up, start everything with the demo county, print URL and accounts
	@exec $(PY) -m server up --demo $(ARGS)

.PHONY: test
test: .venv/stamp-test web/dist/index.html system ## run the tests, bringing what they need
	$(PY) -m pytest -n $(WORKERS) --dist loadscope $(TESTS) $(ARGS)

.PHONY: check
check: .venv/stamp-test web/dist/index.html system ## all that CI runs: format, lint, types, imports, migrations, web, tests
	$(MAKE) -j2 --output-sync=target types web-check migrations imports lint format-check
	$(MAKE) test

.PHONY: format
format: .venv/stamp-test ## put the Python code into its form
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix-only --quiet .

.PHONY: format-check
format-check: .venv/stamp-test
	$(PY) -m ruff format --check .

.PHONY: lint
lint: .venv/stamp-test ## look for mistakes in the Python code
	$(PY) -m ruff check .

.PHONY: types
types: .venv/stamp-test ## check the types, strictly
	$(PY) -m mypy

.PHONY: imports
imports: .venv/stamp-test ## check who imports whom
	$(PY) -c 'from importlinter.cli import lint_imports_command as run; run()' --config setup.cfg

.PHONY: migrations
migrations: .venv/stamp-test ## check that the migrations make exactly the tables of the code
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PY) -m server db upgrade --data "$$folder"; $(PY) -m server db check --data "$$folder"

.PHONY: migrate
migrate: .venv/stamp-run ## bring the database of the data folder to the newest version
	$(PY) -m server db upgrade $(ARGS)

.PHONY: web
web: web/dist/index.html ## build the web pages

.PHONY: web-check
web-check: web/dist/index.html ## check, test and weigh the web pages
	deploy/with-node npm --prefix web run check
	deploy/with-node npm --prefix web test
	deploy/with-node npm --prefix web run size

.PHONY: measure
measure: .venv/stamp-test ## missed and false alarms, and visits: a hundred runs over and under each threshold, a thousand clean trips
	$(PY) -m tests.measured.alarms
	$(PY) -m tests.measured.clean
	$(PY) -m tests.measured.visits

.PHONY: bench
bench: bench-steps bench-ingest ## measure everything that docs/benchmarks.md states

.PHONY: bench-ingest
bench-ingest: .venv/stamp-test ## messages a second through ingest, beside a bare subscriber
	$(PY) -m tests.bench.ingest $(ARGS)

.PHONY: bench-steps
bench-steps: .venv/stamp-test ## microseconds of each step of one position
	$(PY) -m tests.bench.steps $(ARGS)

.PHONY: bench-start
bench-start: .venv/stamp-test web/dist/index.html ## seconds from `sixfixed up` on an existing data folder to /readyz
	$(PY) -m tests.bench.start $(ARGS)

.PHONY: bench-import
bench-import: .venv/stamp-test ## seconds to import 100,000 riders and 1,000 routes
	$(PY) -m tests.bench.province $(ARGS)

.PHONY: bench-answers
bench-answers: .venv/stamp-test ## milliseconds of the lists over HTTP, in a county and in a province
	$(PY) -m tests.bench.answers $(ARGS)

.PHONY: bench-fanout
bench-fanout: .venv/stamp-test ## 2,000 phones at one web process: share of a core and delay, beside a bare server
	$(PY) -m tests.bench.fanout $(ARGS)

.PHONY: bench-idle
bench-idle: .venv/stamp-run web/dist/index.html ## ten minutes of the demo county: processor and memory by role
	$(PY) -m tests.bench.idle $(ARGS)

.PHONY: soak
soak: .venv/stamp-test web/dist/index.html ## the long tests, and promised times held strictly; for a machine that does nothing else
	STRICT_TIMES=1 $(PY) -m pytest -m "soak or timed or hypothesis" --hypothesis-profile=soak tests $(ARGS)

.PHONY: doctor
doctor: .venv/stamp-run ## say what this machine lacks
	@$(PY) -m server doctor $(ARGS)

.PHONY: lock
lock: .venv/stamp-test ## remake deploy/*.lock from setup.cfg (UPGRADE=1: take the newest versions)
	deploy/make-lock .venv/bin/uv

.PHONY: clean
clean: ## remove everything that make made, but not the data folder
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf web/dist web/node_modules tests/output
	find server device_sim migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: system
system:
	@deploy/test-system

.venv/bin/python:
	@deploy/make-venv .venv

# setuptools first and alone, so that nothing is built with a version that the lock doesn't name.
.venv/stamp-run: deploy/run.lock setup.cfg pyproject.toml | .venv/bin/python
	@echo "Installing what deploy/run.lock names into .venv (about half a minute)."
	@$(PIP) install --quiet --require-hashes --only-binary :all: --no-deps -r <(sed -n '/^setuptools==/,/[^\\]$$/p' deploy/run.lock)
	@$(PIP) install --quiet --require-hashes --no-deps --use-pep517 --no-build-isolation -r deploy/run.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/stamp-test: deploy/test.lock .venv/stamp-run
	@echo "Installing what deploy/test.lock names into .venv."
	@$(PIP) install --quiet --require-hashes --no-deps --use-pep517 --no-build-isolation -r deploy/test.lock
	@touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json | .venv/bin/python
	deploy/with-node npm --prefix web ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.stamp $(WEB_SOURCES)
	deploy/with-node npm --prefix web run build
	@touch $@
