# Everything by `make <target>`, on a machine with Python 3.11+, make and pip.
PY := .venv/bin/python

# One run: who waits leaves its core to who computes. How tests go out: tests/cast/turns.py
SUITE := .venv/bin/pytest tests -n 4 -p no:schemathesis --cov --cov-report=term

# Compiled once and kept, though the caller's environment may ask for neither: the suite starts
# a hundred processes, and each would compile every module anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup run lint test nightly bench lock browser

help:
	@echo "make setup    .venv with everything that requirements.lock pins"
	@echo "make run      set-up and the demo: bot, web, bank and phones on this machine"
	@echo "make test     set-up, lint and the suite"
	@echo "make nightly  the same, with the slow depth"
	@echo "make lint     ruff, mypy and the floors"
	@echo "make bench    speed, as ratios to a limit measured in the same run"
	@echo "make lock     requirements.lock anew from pyproject.toml"

setup: .venv/installed

.venv/installed: requirements.lock pyproject.toml .ci/setup
	@.ci/setup

run: setup
	@exec .venv/bin/jianka demo

lint: setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

browser:
	@.ci/browser

test: lint browser
	$(SUITE) -m "not nightly"

nightly: export JIANKA_NIGHTLY = 1
nightly: lint browser
	$(SUITE) --hypothesis-profile=nightly

bench: setup
	$(PY) tests/bench/run.py

lock: setup
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-strip-extras --no-header --no-annotate --extra dev \
		--output-file requirements.lock pyproject.toml
