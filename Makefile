# Verbs of the project; `make` lists them.
PYTHON ?= python3
# LOCKED=1 installs only archives whose SHA-256 scripts/locked.txt lists, as CI does
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# compiled at install; a change of them is a reason to install again
KERNEL := $(wildcard gru_sentiment/kernel/*.[ch])
CONSTRAINTS := scripts/constraints.txt
RUN_FLAGS ?=
# one process a core, which takes over tests that another has not come to
TEST_FLAGS ?= -n auto --dist worksteal
# more texts for pre-training: a file with a column `text`, or a folder of .txt files
UNLABELLED ?= ../shared/data/imdb_unsupervised.parquet
# the lowest versions that pyproject.toml allows, in an environment of their own
LOWEST := .venv-lowest
# torch is the exception: of the older ones the package index has builds with CUDA alone, which are
# gigabytes. That 2.9 works was tried by hand; see pyproject.toml.
NOT_LOWEST := torch
BENCH := $(VENV)/.bench
BENCH_FLAGS ?=
RUNS := runs

.DEFAULT_GOAL := help
.PHONY: help setup train pretrain finetune baseline fuse best few test test-slow test-gpu test-wheel test-lowest check lint format types benchmark benchmark-quick audit lock wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv and install, with pinned versions

$(READY): pyproject.toml $(CONSTRAINTS) $(KERNEL)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@kind="# $$($(BIN)/python scripts/lock.py --kind)"; \
	if [ -n "$(LOCKED)" ] && [ "$$kind" = "$$(head -n 1 scripts/locked.txt)" ]; then \
	  $(BIN)/python -m pip install --quiet --require-hashes --requirement scripts/locked.txt && \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	else \
	  [ -z "$(LOCKED)" ] || echo "no hashes for $$kind: installing from the pins alone"; \
	  $(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable '.[offline,dev]'; \
	fi
	@touch $@

lock: $(READY) ## write the hashes of the pinned archives for this kind of machine
	$(BIN)/python scripts/lock.py > scripts/locked.txt.tmp
	mv scripts/locked.txt.tmp scripts/locked.txt

train: $(READY) ## train the default GRU on 25,000 IMDb reviews (minutes)
	$(BIN)/gru-sent train --config configs/gru.yaml $(RUN_FLAGS)

# a run that exists is kept; one that was interrupted is resumed
define made
@if [ -d $@.partial ]; then $(BIN)/gru-sent $(1) --resume $@; \
else $(BIN)/gru-sent $(1) --config configs/$(@F).yaml --output $@ $(2); fi
endef
TEXTS = --set data.unlabelled_path="$$(realpath "$(UNLABELLED)")"

$(RUNS)/pretrain: | $(READY)
	$(call made,pretrain,$(TEXTS))

$(RUNS)/finetune: | $(READY)
	$(call made,train)

$(RUNS)/baseline: | $(READY)
	$(BIN)/gru-sent baseline --config configs/finetune.yaml --output $@

$(RUNS)/fused: | $(RUNS)/finetune $(RUNS)/baseline $(READY)
	$(BIN)/gru-sent fuse $(RUNS)/finetune $(RUNS)/baseline --output $@

$(RUNS)/imdb-best: | $(RUNS)/fused $(READY)
	$(call made,train,$(TEXTS))

$(RUNS)/few-labels: | $(READY)
	$(call made,train)

$(RUNS)/few-baseline: | $(READY)
	$(BIN)/gru-sent baseline --config configs/few-labels.yaml --output $@

$(RUNS)/few-fused: | $(RUNS)/few-labels $(RUNS)/few-baseline $(READY)
	$(BIN)/gru-sent fuse $(RUNS)/few-labels $(RUNS)/few-baseline --output $@

$(RUNS)/few-best: | $(RUNS)/few-fused $(READY)
	$(call made,train,$(TEXTS))

pretrain: $(RUNS)/pretrain ## a language model over UNLABELLED=FILE and the train reviews

finetune: $(RUNS)/finetune ## a classifier from the encoder in the package

baseline: $(RUNS)/baseline ## the linear models to beat

fuse: $(RUNS)/fused ## the fine-tuned classifier and the baseline together

best: $(RUNS)/imdb-best ## a classifier with both as its teachers on the reviews of UNLABELLED=FILE

few: $(RUNS)/few-best ## a classifier from 500 labels and the reviews of UNLABELLED=FILE

test: $(READY) ## unit tests
	$(BIN)/python -m pytest $(TEST_FLAGS)

test-slow: $(READY) ## the real program end to end
	$(BIN)/python -m pytest -m slow $(TEST_FLAGS)

test-gpu: $(READY) ## what needs CUDA
	$(BIN)/python -m pytest -m gpu

test-wheel: $(READY) ## the wheel, installed and run away from the checkout
	$(BIN)/python -m pytest -m wheel tests/test_wheel.py

# pip resolves what these need in turn, as for a user; a new pip does so in a third of the time.
$(LOWEST)/.ready: pyproject.toml $(CONSTRAINTS) scripts/lowest.py | $(READY)
	$(PYTHON) -m venv --clear --upgrade-deps $(LOWEST)
	$(BIN)/python scripts/lowest.py offline baseline \
	  --take "$$(grep '^$(NOT_LOWEST)==' $(CONSTRAINTS))" > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --no-compile \
	  --requirement $(LOWEST)/lowest.txt --editable .
	@touch $@

test-lowest: export GRU_SENT_CACHE = $(LOWEST)/cache
test-lowest: $(LOWEST)/.ready ## the real program with the lowest versions allowed
	@cat $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip check
	$(LOWEST)/bin/gru-sent train --config configs/smoke.yaml --output $(LOWEST)/smoke --force
	$(LOWEST)/bin/gru-sent evaluate $(LOWEST)/smoke --split validation --fail-under accuracy=0.75
	$(LOWEST)/bin/gru-sent predict "A wonderful film" --run $(LOWEST)/smoke
	$(LOWEST)/bin/gru-sent baseline --config configs/smoke.yaml --output $(LOWEST)/baseline --force

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

audit: $(READY) ## known advisories against the pinned packages, where they can be reached
	$(BIN)/python scripts/audit.py $(CONSTRAINTS)

wheel: $(READY) ## build the package into dist/, with the kernel where there is a C compiler
	$(BIN)/python scripts/wheel.py

clean: ## remove the environment, dist/ and caches; runs/ stays
	rm -rf $(VENV) $(LOWEST) build dist gru_sentiment/kernel/*.so *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
