# What one does with a checkout; .ci/run plays the same and more.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
# The file to play; left out, it is one of examples/rules in the user's language.
RULE ?=

BIN := .venv/bin
BABEL := $(BIN)/python -m babel.messages.frontend
STAMP := .venv/.vcflow-setup
PACKAGES := sessions_app stages_app status_bridge vcflow_site
# Containers often forbid it, and then each process of the tests compiles everything again.
unexport PYTHONDONTWRITEBYTECODE
CATALOGUES := $(wildcard $(addsuffix /locale/*/LC_MESSAGES/*.po,$(PACKAGES)))

.PHONY: setup run demo test coverage reliability lint bench messages openapi screenshots clean

setup: $(STAMP)  ## a .venv in the checkout with everything, its vc included

$(STAMP): pyproject.toml hatch_build.py $(CATALOGUES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "vcflow needs Python 3.11 or newer; name one with: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

run: setup  ## set up, play a session on a fresh database, serve at 127.0.0.1:$(PORT)
	@$(BIN)/python examples/run.py --port $(PORT) $(if $(RULE),"$(RULE)")

demo: setup  ## play a session of any rule file: make demo RULE=path/to/file
	@$(BIN)/python examples/demo.py $(if $(RULE),"$(RULE)")

test: setup  ## the tests
	$(BIN)/python -m pytest --numprocesses auto -m 'not browser and not fuzz and not postgresql' --ignore tests/fuzz

coverage: setup  ## the same, and which lines they reach (twice the time); below 95 % it fails
	$(BIN)/python -m pytest --numprocesses auto --cov --cov-report term:skip-covered --cov-fail-under 95 -m 'not browser and not fuzz and not postgresql' --ignore tests/fuzz

reliability: setup  ## what is promised, tried from outside (minutes; ARGS="kills --engine both --times 9")
	@$(BIN)/python -m tests.reliability $(ARGS)

lint: setup  ## style, types and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: setup  ## what vcflow costs, beside its peers (BENCH_HARNESS=folder of the shared harness)
	@$(BIN)/python -m benchmarks

messages: setup  ## bring the catalogues up to date with the texts in the code
	mkdir -p build
	$(BABEL) extract --mapping babel.cfg --keyword noop --keyword gettext_lazy --project vcflow --sort-by-file \
		--add-location file --no-wrap --output build/messages.pot $(PACKAGES)
	$(BABEL) update --domain django --input-file build/messages.pot --output-dir sessions_app/locale \
		--no-fuzzy-matching --no-wrap
	$(BIN)/python hatch_build.py

openapi: setup  ## write the API's description anew
	$(BIN)/python manage.py spectacular --format openapi-json --validate --fail-on-warn --file docs/openapi.json

screenshots: setup  ## take the pictures in the README anew (needs Chromium)
	$(BIN)/python -m pytest -m browser tests/e2e/readme_pictures.py

clean:  ## everything that can be made again; the data in .vcflow stays
	rm -rf .venv build dist htmlcov .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
