# The two commands: `make demo` plays the example, `make test` proves it.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo install dev test test-pg15 test-py313 lint types structure pytest oracles mutants reference bench lock clean

demo: $(VENV)/.installed
	@$(BIN)/billhook demo $(if $(ONCE),--once)

install: $(VENV)/.installed
dev: $(VENV)/.dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Billhook needs Python 3.11 or newer: install it, or name it with make PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the locked packages …"
	@$(PIP) install --use-pep517 --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	@$(PIP) install --use-pep517 --require-hashes -r requirements-dev.lock
	@touch $@

test: $(VENV)/.dev lint types structure pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

structure: $(VENV)/.dev
	$(BIN)/lint-imports

pytest: $(VENV)/.dev
	@tools/ensure_browser
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

# Other cases of the same form: make oracles ORACLES=FOLDER
ORACLES ?= tests/oracles
oracles: $(VENV)/.dev
	@$(BIN)/python -m tests.oracles $(ORACLES)

# Every small fault that could be made in money, rounding, proration, tax and prices: do the tests notice it?
mutants: $(VENV)/.dev
	@$(BIN)/python tools/mutants.py $(ARGS)

test-pg15: $(VENV)/.dev
	$(BIN)/python tools/with_postgres15.py $(BIN)/pytest -n 2 --dist loadgroup -m "not browser and not embedded" $(ARGS)

test-py313:
	@test -n "$$(tools/find_python313)" || { echo "No Python 3.13 is here: install it, or leave this test out." >&2; exit 1; }
	@$(MAKE) --no-print-directory VENV=.venv313 PYTHON="$$(tools/find_python313)" ARGS='-m "not browser"' pytest

lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

# The pages of docs/reference that the code says itself: events, hooks and the API's OpenAPI document.
reference: $(VENV)/.dev
	$(BIN)/python tools/make_reference.py

bench: $(VENV)/.dev
	$(BIN)/python -m bench

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
