# Everything a person or a machine does with this tree; `make` alone lists it. Kept to what GNU make 3.81 (macOS) knows.
#
# A step that has been done leaves a stamp file and is done again only when what it was made from has changed:
#   requirements/build.txt ─> .build/backend ─┐  (what builds Chit; never in anybody's environment)
#   requirements/chit.txt ──> .venv/.locked ──┴─> .venv/.chit
#   requirements/test.txt ────────────┴─────────> .venv/.tested

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PIP := -m pip -qq --disable-pip-version-check --no-input
VENV_PYTHON := .venv/bin/python
BENCH_PYTHON := .bench/bin/python
WITH_BACKEND := PYTHONPATH="$(CURDIR)/.build/backend"
PROJECT := pyproject.toml src/chit/about.py

.PHONY: help setup demo run check test test-all chaos format size docs screenshots bench bench-api lock clean lint suite-tools FORCE

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.chit ## make .venv, with Chit in it as .venv/bin/chit
	@echo "ready: .venv/bin/chit"

demo: .venv/.chit ## see Chit work in the terminal, without a key or a network
	@.venv/bin/chit demo

run: .venv/.chit ## start Chit in the browser, in its sandbox: no key, nothing is billed
	@.venv/bin/chit serve --sandbox

check: lint ## what takes seconds: format, lint, types, architecture
	@echo "architecture"
	@$(VENV_PYTHON) -m pytest tests/test_architecture.py tests/test_repository.py

test: lint ## check, then every test but the long ones on all cores, with the coverage gate
	@scripts/system-tools
	@scripts/judges
	@scripts/suite -m "not long"

test-all: lint ## check, then every test, with the coverage gate
	@scripts/system-tools
	@scripts/judges all
	@scripts/suite -o faulthandler_timeout=900

chaos: suite-tools ## kill Chit two hundred times on a hostile upstream, three times over, and write docs/reliability.md
	@$(VENV_PYTHON) -m tests.chaos --report

format: suite-tools ## lay the code out and mend what the linter can mend
	@$(VENV_PYTHON) -m ruff check --quiet --fix-only .
	@$(VENV_PYTHON) -m ruff format .

screenshots: suite-tools ## take pictures of every screen, desktop and phone, light and dark, into .build/screens
	@scripts/system-tools
	@$(VENV_PYTHON) scripts/screenshots.py

size: .venv/.made .build/backend/.done ## what an installed Chit weighs; fails beyond the budget
	@echo "building the wheel"
	@rm -rf .build/dist .build/size
	@$(WITH_BACKEND) $(VENV_PYTHON) $(PIP) wheel --no-deps --no-build-isolation --wheel-dir .build/dist .
	@echo "installing it, with what it needs, into .build/size"
	@$(VENV_PYTHON) -m venv --without-pip .build/size
	@$(VENV_PYTHON) $(PIP) --python .build/size/bin/python install --compile --require-hashes -r requirements/chit.txt
	@$(VENV_PYTHON) $(PIP) --python .build/size/bin/python install --compile --no-deps --no-index .build/dist/*.whl
	@.build/size/bin/python -I scripts/size.py

docs: .venv/.chit ## write docs/errors.md anew
	@$(VENV_PYTHON) scripts/errors_doc.py

bench: .bench/.done ## measure Chit against its peers, in an environment of their own
	@$(BENCH_PYTHON) -m bench

bench-api: .bench/.done .bench-api/.done ## measure the local API against a bare relay and the LiteLLM proxy; Linux
	@$(BENCH_PYTHON) -m bench.local_api $(if $(QUICK),--quick)

lock: .build/locker/.done ## write requirements/*.txt and npm's lock anew after a change of pyproject.toml; UPGRADE=1 takes the newest
	@scripts/lock $(if $(UPGRADE),--upgrade)

clean: ## remove all that make has made, .venv, the other environments included
	@rm -rf .venv .bench .bench-api .judges .build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- behind the targets ---------------------------------------------------------------------------------------------

lint: suite-tools
	@echo "format, lint, types"
	@$(VENV_PYTHON) -m ruff format --quiet --check . || { echo "not laid out as ruff does it: make format" >&2; exit 1; }
	@$(VENV_PYTHON) -m ruff check --quiet .
	@$(VENV_PYTHON) -m mypy --no-error-summary

suite-tools: .venv/.chit .venv/.tested

# An environment names its folder and its Python by absolute path: after a move or an upgrade it is made anew.
ifneq ($(shell test -x $(VENV_PYTHON) && cat .venv/.made 2>/dev/null),$(CURDIR))
.venv/.made: FORCE
endif
.venv/.made:
	@scripts/venv .venv

.venv/.locked: requirements/chit.txt .venv/.made
	@echo "installing what Chit needs"
	@$(VENV_PYTHON) $(PIP) install --require-hashes -r requirements/chit.txt
	@touch $@

.build/backend/.done: requirements/build.txt | .venv/.made
	@echo "fetching what builds Chit"
	@rm -rf .build/backend
	@$(VENV_PYTHON) $(PIP) install --require-hashes --target .build/backend -r requirements/build.txt
	@touch $@

.venv/.chit: .venv/.locked .build/backend/.done $(PROJECT)
	@echo "installing Chit"
	@$(WITH_BACKEND) $(VENV_PYTHON) $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.tested: requirements/test.txt .venv/.locked
	@echo "installing what the tests need"
	@$(VENV_PYTHON) $(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

# .judges is made by scripts/judges: it may fail without failing a test run.

.bench/.done: requirements/bench.txt $(PROJECT) .venv/.made .build/backend/.done
	@scripts/venv .bench
	@echo "installing Chit and its peers"
	@$(BENCH_PYTHON) $(PIP) install --require-hashes -r requirements/bench.txt
	@$(WITH_BACKEND) $(BENCH_PYTHON) $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.bench-api/.done: requirements/bench-api.txt .venv/.made
	@scripts/venv .bench-api
	@echo "installing the peer of the local API"
	@.bench-api/bin/python $(PIP) install --require-hashes -r requirements/bench-api.txt
	@touch $@

.build/locker/.done: requirements/lock.txt | .venv/.made
	@echo "fetching what writes the locks"
	@rm -rf .build/locker
	@$(VENV_PYTHON) $(PIP) install --require-hashes --target .build/locker -r requirements/lock.txt
	@touch $@
