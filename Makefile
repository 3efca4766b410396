# `make demo` and `make test` set up what they need by themselves; everything lands in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

COMPILE := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url
EXTRAS := --extra embedded --extra google --extra redis --extra postgresql --extra report --extra ops --extra notify --extra wyoming

.PHONY: help setup demo test lint serve bench judge mutants pages docs lock clean

help:
	@echo "make setup  - Segue into .venv, and nothing else"
	@echo "make demo   - a rollout on two real voices, in under two minutes"
	@echo "make test   - lint, types, architecture and all tests"
	@echo "make serve  - the service on http://127.0.0.1:8000"
	@echo "make bench  - the measurements of docs/benchmarks.md"
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
	$(BIN)/pytest --cov --cov-report=term:skip-covered --durations=10 -n auto --dist loadgroup

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy src tests bench scripts docs/tools examples

bench: $(DEV)
	$(BIN)/python bench/run.py --write

plans/plan.schema.json: src/segue/config/plan_file.py src/segue/core/gates.py | $(DEV)
	$(BIN)/segue check --plan-schema > $@

judge: $(DEV)
	$(BIN)/python bench/judge.py --write

mutants: $(DEV)
	$(BIN)/python bench/mutants.py --write

pages: $(DEV)
	$(BIN)/python docs/tools/pages.py

docs: pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: $(DEV)
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) $(EXTRAS) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) $(EXTRAS) --group dev pyproject.toml -c requirements/runtime.txt -o requirements/dev.txt

# The locks are whole, so pip resolves nothing: a release made after them changes nothing here.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): $(VENV)/bin/python requirements/build.txt requirements/runtime.txt pyproject.toml
	@echo "installing into $(VENV), once: a minute or two, without a word unless something is wrong"
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/build.txt
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/runtime.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUNTIME) requirements/dev.txt
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

clean:
	rm -rf $(VENV) mutants demo-output rollout-report var site .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
