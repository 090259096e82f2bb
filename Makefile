# `make` alone lists what there is. `make demo` and `make test` do all their own set-up.
.DEFAULT_GOAL := help
.PHONY: help demo evaluate test lint types docs bench format changelog clean

BIN := .venv/bin
DEV := .venv/.ready-dev
SETUP := pyproject.toml uv.lock tools/setup

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 18

demo: .venv/.ready-demo  ## submit, search and reuse real models for tasks none was built for
	@$(BIN)/learndock demo

test: lint types  ## everything that has to hold; the tests come last
	@$(BIN)/pytest $(PYTEST_ARGS)

lint: $(DEV)  ## style, and imports that point down
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/lint-imports --no-logo

types: $(DEV)  ## mypy, strict
	@$(BIN)/mypy

docs: $(DEV)  ## write the generated reference, then build the site into docs/_build
	@$(BIN)/python docs/generate.py
	@$(BIN)/sphinx-build --quiet -W --keep-going docs docs/_build
	@echo "docs/_build/index.html"

bench: $(DEV)  ## one benchmark: make bench NAME=install
	@$(BIN)/python -m benchmarks $(NAME)

evaluate: $(DEV)  ## the full demos, written to docs/results/demo.json
	@$(BIN)/python -m benchmarks demo

format: $(DEV)  ## let ruff write the style that lint wants
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

changelog: $(DEV)  ## move the fragments of changes/ into CHANGELOG.md, for a release
	@$(BIN)/towncrier build --yes

clean:  ## remove what the others made, .venv included
	@rm -rf .venv build dist docs/_build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/.ready-demo: $(SETUP)
	@tools/setup demo

$(DEV): $(SETUP)
	@tools/setup dev
