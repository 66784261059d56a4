# `make demo` and `make test` set everything up by themselves: python3 (3.11 or later) with venv, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/run-$(shell sha256sum requirements/run.lock pyproject.toml | sha256sum | cut -c1-16)
DEV_STAMP := $(VENV)/dev-$(shell sha256sum requirements/dev.lock pyproject.toml | sha256sum | cut -c1-16)
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= auto

.PHONY: demo test check format lint types imports docs evaluation model-cards evaluate-alerts mutations mutations-record laws kills prove-door kills-door bench-record bench-sigma bench-investigate bench-door bench-door-whole bench-exposure bench-reach bench-indicators bench-behaviour clean

demo: $(RUN_STAMP)  ## investigate the exercise case and say where the report is
	@rm -rf demo
	@$(BIN)/tocsin demo --workspace demo

test: $(DEV_STAMP)  ## run the tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: lint types imports  ## all that a change must pass beside the tests

lint: $(DEV_STAMP)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .

types: $(DEV_STAMP)
	@$(BIN)/mypy --no-error-summary

imports: $(DEV_STAMP)
	@$(BIN)/lint-imports --no-cache > $(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }

docs: $(DEV_STAMP)  ## the tests of the documents alone
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal tests/docs

format: $(DEV_STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

evaluation: $(DEV_STAMP)  ## measure on the public data sets (TOCSIN_DATA) and write docs/evaluation.md; SECTIONS= for some
	@$(BIN)/python benchmarks/evaluate.py $(SECTIONS)

model-cards: $(DEV_STAMP)  ## measure the models of behaviour beside baselines and write the figures into docs/models/ (TOCSIN_DATA)
	@$(BIN)/python benchmarks/evaluate.py cards

evaluate-alerts: $(DEV_STAMP)  ## other tools' alerts into incidents, on all companies of the AIT alert data set (TOCSIN_DATA)
	@$(BIN)/python benchmarks/evaluate.py alerts

mutations: $(DEV_STAMP)  ## 1,000 damaged real files through the whole product; the figures go to docs/evaluation.md
	@$(BIN)/python benchmarks/mutations.py

mutations-record: $(DEV_STAMP)  ## 10,000 falsified packages, each of which verification must refuse; WORKSPACE= for as many of one
	@$(BIN)/python benchmarks/record_mutations.py $(if $(WORKSPACE),--workspace $(WORKSPACE))

laws: $(DEV_STAMP)  ## 10,000 changes of real audits, none of which may rule out what was reached (TOCSIN_DATA)
	@$(BIN)/python benchmarks/exposure_laws.py

kills: $(DEV_STAMP)  ## kill -9 at 200 random moments of a collection; the figures go to docs/evaluation.md
	@$(BIN)/python benchmarks/kills.py

prove-door: $(DEV_STAMP)  ## 10,000 invented names planted in real logs, and every byte searched for them (TOCSIN_DATA)
	@$(BIN)/python benchmarks/door_proof/prove.py

kills-door: $(DEV_STAMP)  ## kill -9 while names are in hand, and everything at rest searched (TOCSIN_DATA)
	@$(BIN)/python benchmarks/door_proof/kills.py

bench-record: $(DEV_STAMP)  ## measure what sealing, verifying and proving cost (TOCSIN_DATA)
	@$(BIN)/python benchmarks/record.py

bench-sigma: $(DEV_STAMP)  ## measure the Sigma matcher beside decoding alone and peers (TOCSIN_DATA); QUICK=1, SCRATCH=, PEERS=, ZIRCOLITE=
	@ZIRCOLITE=$(ZIRCOLITE) $(BIN)/python benchmarks/sigma_matching.py $(if $(QUICK),--quick) $(if $(SCRATCH),--scratch $(SCRATCH)) $(if $(PEERS),--peers $(PEERS))

bench-investigate: $(DEV_STAMP)  ## measure time and memory of an investigation of a million records (TOCSIN_DATA)
	@$(BIN)/python benchmarks/investigate.py

bench-exposure: $(DEV_STAMP)  ## measure how long all verdicts take of a million accesses, and of an hour more
	@$(BIN)/python benchmarks/exposure.py

bench-door-whole: $(DEV_STAMP)  ## measure what a vault costs a whole investigation (TOCSIN_DATA)
	@$(BIN)/python benchmarks/door_proof/cost.py

bench-door: $(DEV_STAMP)  ## measure what searching for protected persons costs beside processing (TOCSIN_DATA)
	@$(BIN)/python benchmarks/door.py

bench-reach: $(DEV_STAMP)  ## measure what reach costs over an invented institution, by ways between things
	@$(BIN)/python benchmarks/reach.py

bench-indicators: $(DEV_STAMP)  ## measure what asking a hundred thousand indicators costs beside decoding (TOCSIN_DATA)
	@$(BIN)/python benchmarks/indicators.py

bench-behaviour: $(DEV_STAMP)  ## measure what behaviour costs an event, and in memory at a million pairs; SEASON= for one played before
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/behaviour.py $(if $(SEASON),--season $(SEASON))

clean:
	rm -rf $(VENV) demo

$(RUN_STAMP): | $(VENV)/bin/python
	@echo "Setting up (once; one to four minutes)"
	@$(PIP) install --quiet --require-hashes -r requirements/run.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): | $(VENV)/bin/python
	@echo "Setting up for tests (once; one to four minutes)"
	@$(PIP) install --quiet --require-hashes -r requirements/dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(RUN_STAMP)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tocsin needs Python 3.11 or later: set PYTHON=")'
	@$(PYTHON) -m venv $(VENV)
