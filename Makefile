# Needs only make and Python 3.11 or newer. `make VENV=/somewhere/else test` puts the virtual environment elsewhere.

VENV ?= .venv
BIN = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo install check test proof fmt docs lock clean new-provider

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.run ## Run a whole stack on this machine: app, PostgreSQL, Valkey, proxy, and the Prefect UI to steer it
	@$(BIN)/tenfold demo

install: $(VENV)/.run ## Install the tenfold command into .venv/bin, and nothing else
	@echo "Installed. Now: export PATH=$(abspath $(BIN)):\$$PATH"

check: $(VENV)/.dev ## Format, lint, types, floors and the pure tests: under a minute
	@sh scripts/check $(BIN)

test: $(VENV)/.dev ## Run the tests to wait for: pure, contracts, a journey of each target (12 minutes at most)
	@sh scripts/chromium
	@sh scripts/prometheus $(BIN)
	@sh scripts/sshd $(BIN)
	@sh scripts/pebble $(BIN)
	@sh scripts/engine $(BIN)
	@sh scripts/test $(BIN) test

proof: $(VENV)/.dev ## Run all other tests: kills, faults, attacks, many at once (three quarters of an hour at most)
	@sh scripts/chromium
	@sh scripts/prometheus $(BIN)
	@sh scripts/sshd $(BIN)
	@sh scripts/pebble $(BIN)
	@sh scripts/moto $(BIN)
	@sh scripts/engine $(BIN)
	@sh scripts/test $(BIN) proof

fmt: $(VENV)/.dev ## Format the code and mend what can be mended
	@$(BIN)/ruff check -q --fix-only .
	@$(BIN)/ruff format .

docs: $(VENV)/.dev ## Build the documentation into site/
	@$(BIN)/python docs/generate.py
	@$(BIN)/python -m docs.authorisation
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html"

lock: $(VENV)/.dev ## Lock what pyproject.toml asks for (UPGRADE=--upgrade: everything at its newest)
	@sh scripts/lock $(BIN)/uv $(UPGRADE)

new-provider: ## Write the skeleton of a target: make new-provider NAME=swarm
	@python3 scripts/new_provider $(NAME)

clean: ## Remove what make made; stacks and their data stay
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run: requirements/run.txt pyproject.toml scripts/venv
	@sh scripts/venv $(VENV) run

$(VENV)/.dev: requirements/dev.txt pyproject.toml scripts/venv
	@sh scripts/venv $(VENV) dev
