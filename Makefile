# make run: the program. make test: the tests. make test-all: all of them. make lint: style and types.
# On a machine with Python 3.11, git and make alone: each makes the virtual environment, and on Debian and Ubuntu
# installs the system libraries that Qt needs, before it runs. VENV=folder puts the environment elsewhere.

VENV ?= .venv
PYTEST_ARGS ?=
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test test-all lint clean

py := $(VENV)/bin/python
stamp := $(VENV)/.installed

# What Qt needs at all, what it needs for a window on X, and what the tests on X and Korean text need.
qt := libglib2.0-0 libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 fonts-dejavu-core
x := libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-image0 libxcb-randr0 \
     libxcb-render-util0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libx11-xcb1 fonts-nanum
x_tests := xvfb xauth xdotool

# Files of tests on all cores, in their order: an engine in the tests' own process must not follow windows.
# A process that dies ends the run: what waits for another one in its place has been seen to wait for ever.
side_by_side := -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0

help:
	@echo "make run    open the program (without a display: its demo, into cnnviz-demo/)"
	@echo "make test   run the tests"
	@echo "make test-all  run them with all of torchvision's models, which takes an hour"
	@echo "make lint   check style and types"
	@echo "make clean  remove the virtual environment and what was built"

run: $(stamp)
	@tools/system $(qt) $(x)
	@$(py) main.py $(FILE)

test: $(stamp)
	@tools/system $(qt) $(x) $(x_tests)
	@OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen $(py) -m pytest -m "not x11" $(side_by_side) $(PYTEST_ARGS)
	@tools/on-x $(py) -m pytest -m x11 $(PYTEST_ARGS)

test-all: PYTEST_ARGS += --all-models
test-all: test

lint: $(stamp)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

$(stamp): pyproject.toml
	@tools/venv $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) build dist cnnviz-demo
