# Everything a person says to this repository. Each target sets up what it needs, by itself.
# Without make: `python3 -m tools run` (and test, check, web …) does the setting up, see tools/.

PYTHON ?= python3
BIN    := .venv/bin
NPX    := cd designer/web && npx --no-install
SETUP  := @$(PYTHON) -m tools

.DEFAULT_GOAL := help
.PHONY: study exchange intake templates tables help run dev web test test-python test-web test-e2e check fix build bench crash patterns scenarios docs fuzz lock clean \
        check-format check-lint check-types check-imports check-web check-web-types

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## set up everything and serve it with a demo workspace on http://127.0.0.1:8000
	$(SETUP) run

dev: ## the same for working on it: the designer reloads by itself on http://127.0.0.1:5173
	$(SETUP) check
	@trap "trap '' INT TERM; kill 0; wait" EXIT INT TERM; \
	    $(BIN)/headrace serve --demo & ($(NPX) vite) & wait

web: ## build the designer into designer/static
	$(SETUP) web

test: ## every test: Python, designer, end to end in a browser
	$(SETUP) test
	@$(MAKE) --keep-going --no-print-directory test-python test-web test-e2e

# Two processes, a file at a time each, those that start many processes in turn: tests/conftest.py.
SIDE_BY_SIDE ?= -n 2

test-python:
	$(BIN)/pytest --ignore=tests/e2e $(SIDE_BY_SIDE)

test-web:
	$(NPX) vitest run

test-e2e:
	$(BIN)/pytest tests/e2e $(SIDE_BY_SIDE)

check: ## format, lint, types and import rules, of both sides
	$(SETUP) check
	@$(MAKE) --keep-going --no-print-directory -j2 --output-sync=target \
	    check-types check-web check-web-types check-format check-lint check-imports

check-format:
	$(BIN)/ruff format --check

check-lint:
	$(BIN)/ruff check

check-types:
	$(BIN)/mypy

check-imports:
	$(BIN)/lint-imports

check-web:
	$(NPX) biome check --error-on-warnings

check-web-types:
	$(NPX) tsc --noEmit

fix: ## put right what the formatters and linters can by themselves
	$(SETUP) check
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format
	$(NPX) biome check --write

build: web ## wheel and source archive in dist/, with the built designer inside
	$(SETUP) python
	rm -rf build dist
	$(BIN)/python -m build --no-isolation

bench: ## how fast it is, beside its peers (BENCH=--quick: some minutes; BENCH=--all: every case once and the designer, a quarter of an hour)
	$(SETUP) bench
	$(BIN)/python -m tests.bench $(BENCH)
	$(if $(filter --all --full,$(BENCH)),@$(MAKE) --no-print-directory speed)

crash: ## kill real processes again and again, and see that nothing is lost or done twice
	$(SETUP) python
	HEADRACE_CRASH=full $(BIN)/pytest tests/crash tests/machines -s

people: ## 1,000 rounds of 50 processes at one task each, on both databases; 2,000 stuck tasks released
	$(SETUP) python
	HEADRACE_PEOPLE=full $(BIN)/pytest tests/machines/test_one_task.py tests/service/test_task_batches.py -s

patterns: ## the control-flow patterns, with 10,000 random processes and 3,000 random nets
	$(SETUP) python
	HEADRACE_PATTERNS=full $(BIN)/pytest tests/patterns

exchange: ## drawings in and out, with 5,000 random processes and 40,000 broken files
	$(SETUP) python
	HEADRACE_EXCHANGE=full $(BIN)/pytest tests/exchange

scenarios: ## the failures of the requirements as they were told, with as many orders
	$(SETUP) python
	HEADRACE_SCENARIOS=full $(BIN)/pytest tests/scenarios

tasks: ## what people do with tasks, in any order, a hundred times longer
	$(SETUP) python
	HEADRACE_TASKS_FACTOR=100 $(BIN)/pytest tests/people/test_task_machine.py tests/people/test_voting.py tests/service/test_task_rows.py

fuzz: ## 10,000 spoilt calls of every platform at both doors (FUZZ=1000 for a short run)
	$(SETUP) python
	HEADRACE_FUZZ=$(or $(FUZZ),10000) $(BIN)/pytest tests/http/test_fuzzed_calls.py

templates: ## every template against what it promises, with as many orders as it says
	$(SETUP) python
	$(BIN)/headrace template check --full

docs: ## write docs/nodes.md and docs/connectors.md from what they list
	$(SETUP) python
	$(BIN)/python -m tools.nodes_doc
	$(BIN)/python -m tools.connectors_doc

soak: ## half an hour of mixed flows with workers killed at random (SOAK="--minutes 1" for a short run)
	$(SETUP) python
	$(BIN)/python -m tests.crash.soak $(SOAK)

scale: ## a million waiting instances, long flows and long lists (SCALE="--waiting 20000" for a short run)
	$(SETUP) bench
	$(BIN)/python -m tests.bench.scale $(SCALE)

tables: ## a table of a million records on both databases (TABLES="--records 50000" for a short run)
	$(SETUP) bench
	$(BIN)/python -m tests.bench.tables $(TABLES)

intake: ## orders through the intake a second on both databases (INTAKE="--orders 2000" for a short run)
	$(SETUP) bench
	$(BIN)/python -m tests.bench.intake $(INTAKE)

speed: ## how fast the designer draws, beside bpmn-js and LogicFlow (SPEED="--nodes 200" for a short run)
	$(SETUP) test
	$(BIN)/python -m tests.bench.drawing $(SPEED)

study: ## four flows from an empty canvas in Chromium, every action counted (docs/task-study.md)
	$(SETUP) test
	HEADRACE_STUDY=full $(BIN)/pytest tests/e2e/study -s

looks: ## every screen in both languages, light and dark, at four widths, beside those that were kept (LOOKS=--keep)
	$(SETUP) test
	$(BIN)/python -m tests.looks $(LOOKS)

walk: ## 10,000 random editor commands: nothing is lost
	$(SETUP) check
	@cd designer/web && HEADRACE_WALK=10000 npx --no-install vitest run src/editor/walk.test.ts

lock: ## renew the lock files after a change of pyproject.toml or package.json
	$(SETUP) python
	$(SETUP) lock

clean: ## remove what was made; your data in .headrace stays
	rm -rf .venv .typed .make build dist *.egg-info designer/static designer/web/node_modules
