# make grade · make test · make check · make bench · make handout · make stubs · make clean
SUBMISSION ?= grader/reference
ARGS ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: grade test check bench handout stubs clean
.DEFAULT_GOAL := grade

# Marks one submission: make grade SUBMISSION=path ARGS="--skip-training"
grade: $(READY)
	$(BIN)/python -P -m grader grade $(SUBMISSION) --results results.json $(ARGS)

# One thread for each of the tests that run at once: two that share two cores would wait for each other
test: $(READY)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Everything measured anew, about 20 minutes on a quiet machine: make bench ARGS="training --repeats 3"
bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

# The students' folder, its zip and the notebooks, in build/
handout: $(READY)
	$(BIN)/python -P -m grader handout $(ARGS)

# The three scripts at the root, generated anew from grader/reference
stubs: $(READY)
	$(BIN)/python -P -m grader handout --stubs

clean:
	rm -rf $(VENV) build results.json report.html *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f data/*/raw/*-ubyte

# Installed anew only when what is to be installed changes
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)
