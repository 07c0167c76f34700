# `make help` lists the commands. Every command installs the environment first, if it is missing or out of date.
SUBMISSION ?= grader/reference
ARGS ?=
PYTHON ?= python3
PINS ?= -c constraints.txt
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The tests start Python hundreds of times: without its bytecode, which some containers turn off, each start compiles all.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help grade test check bench handout stubs lab clean
.DEFAULT_GOAL := grade

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST)

grade: $(READY)  ## mark a submission: make grade SUBMISSION=path ARGS="--skip-training"
	$(BIN)/grader grade $(SUBMISSION) --results results.json $(ARGS)

# One thread for each test process: two processes with two threads each would wait for each other on two cores.
test: $(READY)  ## run the tests, and list the ten slowest: make test ARGS="tests/report"
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal --durations=10 $(ARGS)

check: $(READY)  ## lint, check the formatting and the types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## measure speed, in about 20 minutes: make bench ARGS="training --repeats 3"
	$(BIN)/python -m benchmarks $(ARGS)

handout: $(READY)  ## write the students' folder, its zip and the notebooks to build/
	$(BIN)/grader handout $(ARGS)

stubs: $(READY)  ## generate the three scripts at the root and the public cases from grader/reference
	$(BIN)/grader handout --stubs

lab: $(READY)  ## write part 1 for the browser to build/lab/: make lab ARGS=--offline
	$(BIN)/grader publish lab $(ARGS)

clean:  ## remove the environment, build/ and everything else that can be made again
	rm -rf $(VENV) build results.json report.html *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f data/*/raw/*-ubyte

# Runs again only when the list of packages changes. `make PINS=` installs the newest versions that are allowed.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(PINS) -e '.[dev]'
	@# by all cores, and without the packages' tests, some of which are not meant to compile; pip uses one core
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true
	touch $(READY)
