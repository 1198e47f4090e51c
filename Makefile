# Set up and run Wanxiang. Needs make, Python 3.11-3.13 and a C compiler; everything else goes into .venv here.
#   make run [PORT=8866]   make test   make test-all   make lint   make bench   make pictures   make clean
SHELL := /bin/sh
.DEFAULT_GOAL := help
PORT ?= 8866
PYTHON ?=
BIN := .venv/bin
PYTEST := nice $(BIN)/python -m pytest -n 2 --dist loadgroup
unexport PYTHONPATH

# Each gate is run, whatever the one before it said; `failed` remembers.
gates = $(BIN)/ruff check . || failed=yes; $(BIN)/mypy || failed=yes; $(BIN)/lint-imports || failed=yes

help: ## show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 20

run: .venv/stamp-run ## set up what is missing, then serve the labs (PORT=8866)
	@exec $(BIN)/wanxiang serve --port $(PORT)

test: .venv/stamp-test ## ruff, mypy, floors and every fast test
	@failed=; $(gates); $(PYTEST) -m "not slow" || failed=yes; test -z "$$failed"

test-all: .venv/stamp-test ## the slow tests too: the whole ledger, a clean clone, soaks
	@failed=; $(gates); $(PYTEST) || failed=yes; test -z "$$failed"

lint: .venv/stamp-test ## the gates that run no test
	@failed=; $(gates); test -z "$$failed"

bench: .venv/stamp-bench ## our rates beside those of peers
	@$(BIN)/python -m benchmarks

author: .venv/stamp-author ## JupyterLab for writing scenarios
	@exec $(BIN)/wanxiang author

pictures: .venv/stamp-test ## draw the catalogue's cards and the screenshots of docs/ anew
	@$(BIN)/python -m docs.pictures

bundle: .venv/stamp-run ## build/wanxiang-VERSION-bundle.tar.gz: installs with the network unplugged
	@$(BIN)/python .ci/bundle.py

lock: ## write requirements.lock and environment.yml from pyproject.toml (needs uv)
	@$(BIN)/python .ci/lock.py

clean: ## remove .venv and every cache
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find engine labs voila_apps benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp stands for the sections of the lock that are installed. Sections build on each other.
.venv/stamp-run: SECTIONS = run
.venv/stamp-test: SECTIONS = run test
.venv/stamp-author: SECTIONS = run author
.venv/stamp-bench: SECTIONS = run test bench

.venv/stamp-run: .venv/stamp-python requirements.lock pyproject.toml
	@$(install)
.venv/stamp-test .venv/stamp-author: .venv/stamp-run
	@$(install)
.venv/stamp-bench: .venv/stamp-test
	@$(install)

define install
set -e; echo "Installing from requirements.lock: $(SECTIONS)"; \
awk -v wanted=" $(SECTIONS) " '/^# section /{keep = index(wanted, " " $$3 " ")} keep' requirements.lock > .venv/wanted.txt; \
$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps --require-hashes -r .venv/wanted.txt; \
$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .; \
touch $@
endef

.venv/stamp-python:
	@PYTHON="$(PYTHON)" sh .ci/venv
