# Two commands on a fresh machine: `make demo` and `make test`. Both make .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto

.PHONY: demo test test-slow lint verify bench clean install

install: $(VENV)/.installed

# PIP_CONSTRAINT, not -c: the build of the package itself must not fetch another torch either.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install            ## publish an assignment, make a class, grade it
	$(BIN)/grader demo

test: install            ## the test suite, without what is marked slow
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not slow"

test-slow: install       ## the rest of it
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m slow

lint: install            ## ruff and mypy, as CI runs them
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

verify: install          ## every shipped assignment tests itself
	set -e; for toml in assignments/*/assignment.toml; do $(BIN)/grader verify $$(basename $$(dirname $$toml)) --reference homework; done

bench: install           ## the tables that the figures in the README come from
	set -e; for script in benchmarks/*.py; do $(BIN)/python $$script; done

clean:                   ## what was made, except .venv
	rm -rf build demo graded dist .grader .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
