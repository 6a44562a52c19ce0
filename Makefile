# make figures   every study, and the page results/report.html
# make test      the tests
# make bench     the benchmarks against other codes, results/benchmarks.md
# Both make .venv from a plain python3 first, if it is not there. Nothing else is needed.

PYTHON ?= python3
VENV ?= .venv
PROFILE ?= quick
OUT ?= results
JOBS ?= 2
BENCH ?=

BIN := $(VENV)/bin
# The environment is renewed when what it is made from changes, and only then.
STAMP := $(VENV)/.installed-$(shell cat pyproject.toml requirements/lock.txt | cksum | tr ' ' '-')

.DEFAULT_GOAL := help
.PHONY: help figures test docs bench faults fuzz install lint format types lock clean

help:
	@sed -n '1,4p' Makefile

figures: $(STAMP)
	@$(BIN)/mfplug run --all --profile $(PROFILE) --out $(OUT)

# One thread for each worker: the workers are what runs in parallel.
test: $(STAMP)
	@NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# The codes to compare with are an extra; gcc is used where there is one.
bench: $(STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[bench]'
	@MPLBACKEND=Agg $(BIN)/python -m benchmarks $(BENCH) --out $(OUT)

# Breaks runs in every way there is, and says what became of them; takes ten minutes.
faults: $(STAMP)
	@$(BIN)/python tests/faults

# Searches the readers of files for bytes that they stumble over; a minute for each.
fuzz: $(STAMP)
	@$(BIN)/python tests/fuzz

# Into docs/_build. Figures of studies are those of results/; for those that have none there
# small ones are made.
docs: $(STAMP)
	@$(BIN)/python docs/extension/missing.py $(OUT) \
	  | xargs -r $(BIN)/mfplug run --profile smoke --out docs/_build/studies
	@$(BIN)/python -m sphinx -q -W --keep-going -j auto -b html docs docs/_build

install: $(STAMP)

$(STAMP):
	@PYTHON=$(PYTHON) VENV=$(VENV) requirements/install.sh
	@rm -f $(VENV)/.installed-*
	@touch $@

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile workflows

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/snakefmt Snakefile workflows

types: $(STAMP)
	@$(BIN)/mypy

# Renews the pinned versions. The lock names no index: it works with any.
lock: $(STAMP)
	@$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header \
	  --no-annotate --extra cluster --extra test --extra docs pyproject.toml requirements/build.in \
	  -o requirements/lock.txt
	@$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header \
	  --no-annotate requirements/uv.in -o requirements/uv.txt

# Results stay; so does the environment, which takes the longest to make.
clean:
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find mfplug plugins workflows tests -name __pycache__ -type d -exec rm -rf {} +
