# Every target makes what it needs first: Python >= 3.11, make and a package registry are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The loads of a test run, one a core; `make test JOBS=1` runs them one after the other.
JOBS ?= auto
# How long `make fuzz` looks for what breaks.
SECONDS ?= 600
# How often `make chaos` kills.
KILLS ?= 200

.DEFAULT_GOAL := help
.PHONY: help install demo test soak fuzz chaos chaos-cluster check format ui pictures bench bench-peers docs clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(STAMP) ## Make the virtual environment in .venv

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "headrace needs Python 3.11 or newer; set PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Run the scheduled sync: a mock API into an embedded PostgreSQL
	$(BIN)/headrace demo

test: $(STAMP) ## Run all tests
	$(BIN)/pytest -n $(JOBS) --dist worksteal

soak: $(STAMP) ## Run the tests that take minutes
	$(BIN)/pytest -m soak --timeout 1800

fuzz: $(STAMP) ## Feed mutated flows, expressions and HTTP answers for SECONDS (600)
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

chaos: $(STAMP) ## Kill two flows 200 times each (KILLS=…), and compare all tables
	PYTHONPATH=tests $(BIN)/python -m chaos --kills $(KILLS)

chaos-cluster: $(STAMP) ## Kill workers, NATS servers and the database 100 times under each of two flows
	PYTHONPATH=tests $(BIN)/python -m chaos --cluster --kills 100

check: $(STAMP) ## Format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

ui: ## Check, test and build the web page (needs Node.js 20 or newer)
	cd ui && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

pictures: $(STAMP) ## Take the pictures of docs/ anew (needs a Chromium)
	$(BIN)/pytest -m pictures

bench: $(STAMP) ## Measure headrace against scripts written by hand, in one run
	$(BIN)/python bench/run.py

bench-peers: $(STAMP) ## Measure headrace against other tools, which it installs outside of this folder
	PYTHONPATH=bench $(BIN)/python -m peers

docs: $(STAMP) ## Make the generated pages of docs/ anew, and the custom resources of the chart
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/error_page.py
	$(BIN)/python deploy/crds.py

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
