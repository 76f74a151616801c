# What people and CI both call. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help venv run test unit chaos fuzz lint format types bench parts clean

help:  ## This list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

$(VENV)/ready: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Whipbird needs Python 3.11 or newer; this is $$($(PYTHON) --version)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || \
		{ echo "On Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

venv: $(VENV)/ready  ## The virtual environment with all that is needed.

run: venv  ## Start the dialer with a demonstration site on http://127.0.0.1:8080/
	@exec $(BIN)/python demo/run.py

parts: venv  ## Install the real parts that the tests use (root).
	@tests/support/install-parts.sh

test: lint parts  ## Everything: linters, all tests, the real Asterisk, MariaDB and Chromium.
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile

chaos: venv parts  ## Kill each part at random, 50 times during 5,000 calls (five minutes).
	WHIPBIRD_CHAOS_RECORDS=5000 WHIPBIRD_CHAOS_KILLS=50 \
		$(BIN)/python -m pytest -o log_cli=true tests/acceptance/test_chaos.py

fuzz: venv  ## Ask the API a hundred requests of each kind, other ones every time (ten minutes).
	WHIPBIRD_API_EXAMPLES=100 $(BIN)/python -m pytest tests/acceptance/test_api_answers.py

unit: venv  ## The fast tests only: no reactor, database or socket.
	$(BIN)/python -m pytest tests/unit tests/manual tests/property

lint: venv  ## ruff, mypy and the import rules.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: venv  ## Let ruff tidy.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: venv parts  ## Measure; docs/benchmarks.md explains the figures.
	$(BIN)/python -m bench

clean:  ## Remove the environment, the real parts and the demonstration's data.
	rm -rf $(VENV) .cache var *.egg-info .pytest_cache .mypy_cache .ruff_cache
