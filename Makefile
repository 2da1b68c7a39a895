SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := proteus tests
ARGS ?= mechanism=fba delta=250

SIZE ?= standard
PROVED = tests/property tests/statistical \
	$(shell grep -rl --include='test_*.py' 'helpers.budget import' tests/unit tests/simulation)
PHASE = $(BIN)/python -m proteus.phases size=$(SIZE)
# Of some marks, the files that have them: to collect all tests takes each worker ten seconds.
MARKED = $(shell grep -rlE --include='test_*.py' 'mark\.($(1))\b' tests)

.PHONY: help setup sweep calibrate phase1 phase2 phase3 phase4 phase5 test lint bench validate proof golden
.PHONY: bench-check faults docs notebooks lock clean nojit kernels checked-kernels
.PHONY: types matrix newest learners dist site papers

##@ Use it

help: ## list the targets
	@awk -F ':.*## ' '/^##@ / { printf "%s%s\n", gap, substr($$0, 5); gap = "\n" } \
	/^[a-z0-9-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamp is older than the lock or the project file only when set-up has work to do.
$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || python3.11 -m venv $(VENV) 2>/dev/null || python3 -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

setup: $(STAMP) ## make .venv with the locked dependencies and an editable install

sweep: $(STAMP) ## run the main job; another one: make sweep ARGS="mechanism=clob,fba delta=50,100"
	@$(BIN)/python -m proteus.sweep $(ARGS)

calibrate: $(STAMP) ## find a maker regime that survives, into conf/population; SIZE=quick, paper
	@$(BIN)/python -m proteus.calibrate size=$(SIZE)

phase1: $(STAMP) ## the continuous book over informed intensity and latency; SIZE=quick, paper
	@$(PHASE) phase=1

phase2: $(STAMP) ## batch auctions over the interval
	@$(PHASE) phase=2

phase3: $(STAMP) ## requests for quote over life of quotes, response time and dealers
	@$(PHASE) phase=3

phase4: $(STAMP) ## all mechanisms, once phases 1 to 3 are finished, fair and precise
	@$(PHASE) phase=4

phase5: $(STAMP) ## leverage: bad debt and cascades by mechanism, signal gain and oracle
	@$(PHASE) phase=5

notebooks: $(STAMP) ## run the notebooks into outputs/notebooks
	$(BIN)/python notebooks/execute.py outputs/notebooks

##@ Check it

lint: $(STAMP) ## check style, types and the direction of imports
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Compiling has a tail in which one core waits, so something else runs beside it. What is plain
# calls no compiled kernel: it runs once, in the leg without the JIT.
test: $(STAMP) ## lint, all tests compiled, then the legs without the JIT and with bounds checks
	@$(MAKE) --no-print-directory -j 2 lint kernels
	$(BIN)/pytest -n 2 --dist worksteal -m "not plain"
	@$(MAKE) --no-print-directory -j 2 checked-kernels nojit
	PROTEUS_BOUNDSCHECK=1 $(BIN)/pytest -q -n 2 --dist worksteal -m boundscheck $(call MARKED,boundscheck)

nojit: $(STAMP)
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest -q -n 2 --dist worksteal -m nojit $(call MARKED,nojit|plain)

kernels: $(STAMP)
	$(BIN)/python -m tests.helpers.warm

checked-kernels: $(STAMP)
	PROTEUS_BOUNDSCHECK=1 $(BIN)/python -m tests.helpers.warm

bench: $(STAMP) ## measure speed and memory into outputs/bench
	$(BIN)/python -m proteus.bench

bench-check: $(STAMP) ## fail where it takes more instructions than the commit before; against=REV
	$(BIN)/python -m proteus.bench.check $(against)

types: $(STAMP) ## look for public names without a type, by pyright (needs a network, as the next four)
	@$(BIN)/python -m tests.elsewhere types

matrix: $(STAMP) ## run a small set of tests on each Python that is installed; minutes
	@$(BIN)/python -m tests.elsewhere matrix

newest: $(STAMP) ## run it with the newest release of every dependency; says what breaks
	@$(BIN)/python -m tests.elsewhere newest

learners: $(STAMP) ## test what needs torch and Stable-Baselines3, in an environment of their own
	@$(BIN)/python -m tests.elsewhere learners

dist: $(STAMP) ## build wheel and sdist into dist, check them, install and run both elsewhere
	@$(BIN)/python -m tests.elsewhere dist

##@ Write what is committed

validate: $(STAMP) ## compare the engine with closed forms: outputs/validate/table.csv, docs/validation.md
	$(BIN)/python -m proteus.validation --page docs

papers: $(STAMP) ## reproduce published results into docs/papers; ARGS=budish for one of them
	$(BIN)/python -m proteus.papers $(if $(filter command line,$(origin ARGS)),$(ARGS),all) --pages docs/papers

proof: $(STAMP) kernels ## run what has a full count, property and statistical tests, into docs/proof.txt
	@mkdir -p docs
	{ echo "kernel hash $$($(BIN)/python -c 'from proteus.compiler import jit; print(jit.kernel_hash())')"; \
	PROTEUS_PROOF=1 $(BIN)/pytest -n 2 --dist worksteal -q --no-header -rA --tb=short $(PROVED) \
	| grep -E '^(PASSED|FAILED|ERROR|SKIPPED|E  |=+ .* in |[0-9]+ (passed|failed))'; } | tee docs/proof.tmp
	@mv docs/proof.tmp docs/proof.txt

golden: $(STAMP) ## write golden outcomes and the hashes of results anew; explain the diff in the commit
	NUMBA_DISABLE_JIT=1 $(BIN)/python -W ignore -m tests.golden
	$(BIN)/python -m tests.golden.bits
	$(BIN)/python -m tests.golden.arena
	$(BIN)/python -m tests.golden.stress

faults: $(STAMP) ## seed faults into copies of the kernels and write what noticed them to docs/faults.md
	$(BIN)/python -m tests.faults

docs: $(STAMP) ## write the generated pages of docs
	$(BIN)/python -m proteus.configuration.defaults > docs/defaults.md
	$(BIN)/python -m proteus.market.variables.page > docs/metrics.md
	$(BIN)/python -m proteus.configuration.compose > proteus/configuration/composed.yaml
	$(BIN)/python -m proteus.configuration.choices > proteus/configuration/values.json
	$(BIN)/python -m proteus.market.agents.profiles > docs/profile.schema.json
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m proteus.envs.page > docs/environments.md

site: $(STAMP) ## build the pages as a site into build/site, with a search that needs no network
	@NUMBA_DISABLE_JIT=1 $(BIN)/python -m tests.site

##@ Look after it

lock: ## choose the versions again and write requirements.lock (needs the network; minutes)
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	python3 -m venv "$$folder/venv"; \
	"$$folder/venv/bin/pip" install --quiet pip-tools; \
	"$$folder/venv/bin/pip-compile" --quiet --upgrade --extra dev --generate-hashes --strip-extras \
	--no-header --annotation-style=line --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --output-file requirements.lock pyproject.toml; \
	! grep -nE '://|--(find-links|index-url|extra-index-url|trusted-host)|file:' requirements.lock

clean: ## remove what the tools made: caches, builds, .venv; outputs stay
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +
