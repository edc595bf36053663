# Verbs of the project; `make` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CONSTRAINTS := scripts/constraints.txt
RUN_FLAGS ?=
BENCH := $(VENV)/.bench
BENCH_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup train test test-slow test-gpu check lint format types benchmark benchmark-quick clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv and install, with pinned versions

$(READY): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable '.[offline,dev]'
	@touch $@

train: $(READY) ## train the default GRU on 25,000 IMDb reviews (minutes)
	$(BIN)/gru-sent train --config configs/gru.yaml $(RUN_FLAGS)

test: $(READY) ## unit tests
	$(BIN)/python -m pytest

test-slow: $(READY) ## the real program end to end
	$(BIN)/python -m pytest -m slow

test-gpu: $(READY) ## what needs CUDA
	$(BIN)/python -m pytest -m gpu

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

format: $(READY) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint types test ## lint, format, types and unit tests: what CI runs

$(BENCH): $(READY)
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable '.[offline,dev,bench]'
	@touch $@

benchmark: $(BENCH) ## all measurements, more than an hour
	$(BIN)/python scripts/benchmark.py $(BENCH_FLAGS)

benchmark-quick: $(BENCH) ## that the benchmark runs, under two minutes
	$(BIN)/python scripts/benchmark.py --quick --output runs/benchmark-quick $(BENCH_FLAGS)

clean: ## remove the environment and caches; runs/ stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
