# Needs Python 3.11 or newer and make, nothing else; what it installs goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
# Looked for only when .venv is made; say PYTHON=... to choose another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
# What is never run needs no compiling: --no-compile saves seconds.
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-compile
# Else pyright asks the network at each call whether there is a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
BENCHMARKS ?= $(sort $(wildcard benchmarks/[a-z]*.py))
ARGS ?=

# A stamp is newer than pyproject.toml once what it stands for is installed.
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check bench clean

help: ## say what can be made
	@sed -n 's/^\([a-z]*\): [^#]*## /  make \1	/p' Makefile

demo: $(RUN) ## solve Game of 24 puzzles before your eyes
	@$(BIN)/goexplore demo $(ARGS)

test: $(DEV) ## run the tests; ARGS="-k elite -x" goes to pytest
	@$(BIN)/pytest $(ARGS)

check: $(DEV) ## lint, format, types (mypy and pyright), imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

bench: $(DEV) ## run the benchmarks; ARGS=--quick for a short look
	@set -e; for b in $(BENCHMARKS); do echo "== $$b"; $(BIN)/python "$$b" $(ARGS); done

clean: ## remove what can be made again; databases stay
	rm -rf $(VENV) build dist bench-out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): pyproject.toml $(VENV)/pyvenv.cfg
	@echo "installing goexplore into $(VENV) ..."
	@$(INSTALL) -e .
	@touch $@

$(DEV): pyproject.toml $(VENV)/pyvenv.cfg
	@echo "installing goexplore and its development tools into $(VENV) ..."
	@$(INSTALL) -e '.[dev]'
	@touch $(RUN) $@

# Made anew, too, where it does not run: its Python has gone, or it was copied from elsewhere.
ifeq ($(shell test -x $(BIN)/python && grep -sF "$(CURDIR)/$(VENV)" $(BIN)/activate),)
.PHONY: $(VENV)/pyvenv.cfg
endif

$(VENV)/pyvenv.cfg:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "goexplore needs Python 3.11 or newer, which '$(or $(PYTHON),python3)' is not;" >&2; \
		echo "say where there is one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV)
