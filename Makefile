# Sluice. Needs make and Python only: the rest is installed into this folder on first use (`make help` lists targets).

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

UV := $(or $(shell command -v uv 2>/dev/null),.local/uv/bin/uv)
PYTHON := .venv/bin/python
SLUICE := .venv/bin/sluice
SAM := .venv-sam/bin/sam

# Sluice's commands put AWS_REGION first, as AWS's SDKs do. boto3 and the SAM CLI read AWS_DEFAULT_REGION only.
ifdef AWS_REGION
export AWS_DEFAULT_REGION := $(AWS_REGION)
endif

# Python is the machine's: none is ever downloaded.
export UV_PYTHON_DOWNLOADS := never
# Modules of tests that run at the same time; those of end-to-end tests have a local stack each.
WORKERS := 2
# What `make check` runs, each a target of its own.
CHECKS := check-format check-lint check-types check-workspace check-schemas check-template check-requirements check-sam check-security

DEV := .venv/.synced
STACK := .venv-stack/.synced
SAM_CLI := .venv-sam/.synced
CHECKOV := .venv-checkov/.synced
MUTANTS := .venv-mutants/.synced
LOCAL := $(DEV) $(STACK) $(SAM_CLI)

.PHONY: help install up down demo test e2e chaos bench mutants check $(CHECKS) format build deploy smoke clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: $(LOCAL) ## Install everything into this folder; the other targets do it when they need it

# ---- The local stack ----------------------------------------------------------------------------------------------

up: $(LOCAL) ## Start the local stack, or update it (SLUICE_WORKSPACE=folder, ARGS=--yes to replace another)
	@$(SLUICE) local up $(ARGS)

down: $(DEV) ## Stop the local stack and forget its data
	@$(SLUICE) local down

demo: $(LOCAL) ## Send a story of 200 events through a local stack and show what became of each (ARGS=--keep)
	@$(SLUICE) local demo $(ARGS)

# ---- Tests and checks ---------------------------------------------------------------------------------------------

test: $(LOCAL) ## Run every test, end to end included (ARGS=tests/unit for some, WORKERS=4 at a time)
	@.venv/bin/pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

e2e: $(LOCAL) ## Run the end-to-end tests only (ARGS=tests/e2e/test_chaos.py for some)
	@.venv/bin/pytest $(if $(filter tests/%,$(ARGS)),,tests/e2e) $(ARGS)

chaos: $(LOCAL) ## Prove that no event is lost while everything fails (ARGS="--seed 7 --events 2000")
	@$(PYTHON) -m tests.chaos $(ARGS)

bench: $(DEV) ## Measure events per CPU-second of every stage (EVENTS=file.jsonl)
	@$(PYTHON) -m benchmarks $(if $(EVENTS),--events $(EVENTS))

mutants: $(MUTANTS) ## Change the code in small ways and see what tests catch (ARGS="--package routing --sample 50 --seed 2")
	@.venv-mutants/bin/python -m tests.mutants $(ARGS)

check: $(CHECKS) ## Format, lint, types, workspace, schemas, template and security: what CI runs besides the tests

check-format: $(DEV)
	.venv/bin/ruff format --check .

check-lint: $(DEV)
	.venv/bin/ruff check .

check-types: $(DEV)
	.venv/bin/mypy

check-workspace: $(DEV)
	$(SLUICE) check

check-schemas: $(DEV)
	$(SLUICE) schema --check

check-template: $(DEV)
	$(SLUICE) template --check

check-requirements: $(DEV)
	$(UV) export --frozen --no-dev --no-emit-project --no-hashes --quiet | diff layers/common/requirements.txt -

check-sam: $(DEV) $(SAM_CLI)
	$(SLUICE) build
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(SAM) validate --lint
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(SAM) validate --lint --template docs/front-door.yaml

check-security: $(DEV) $(CHECKOV)
	@mkdir -p build
	$(PYTHON) -m tests.template.expand > build/expanded.json
	.venv-checkov/bin/checkov --file build/expanded.json

format: $(DEV) ## Format the sources and sort their imports
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# ---- To AWS -------------------------------------------------------------------------------------------------------

# The environment of samconfig.toml that ARGS names.
CONFIG_ENV = $(shell echo "$(ARGS)" | grep -oE -e '--config-env[= ][^ ]+')

build: $(DEV) $(SAM_CLI) ## Compile the workspace and build what is deployed (ARGS as for deploy)
	$(SLUICE) build
	PATH="$(CURDIR)/.venv-sam/bin:$$PATH" $(PYTHON) -m cli.sam_build $(ARGS)
	$(PYTHON) -m cli.bytecode .aws-sam/build

deploy: $(DEV) $(SAM_CLI) ## Check, build and deploy to your AWS account (ARGS="--config-env prod", DOCTOR=no)
	$(SLUICE) check $(CONFIG_ENV)
	@test "$(DOCTOR)" = no || $(SLUICE) doctor -- $(ARGS)
	@$(MAKE) build
	$(SAM) deploy $(ARGS)

smoke: $(DEV) ## Check a deployed stack: URL=https://… KEY=its write key (STACK=name also tries a redrive)
	@test -n "$(URL)" && test -n "$(KEY)" || { echo "usage: make smoke URL=https://… KEY=…" >&2; exit 2; }
	@$(PYTHON) -m tests.smoke "$(URL)" "$(KEY)" $(if $(STACK),--stack "$(STACK)")

clean: ## Stop the local stack and remove everything that was installed or built
	@test ! -x $(SLUICE) || $(SLUICE) local down
	rm -rf .venv .venv-stack .venv-sam .venv-checkov .venv-mutants .local .aws-sam build template.local.yaml

# ---- Environments: one lock, five folders, since these tools pin different versions of boto -----------------------

LOCKED := uv.lock pyproject.toml .python-version
NO_PYTHON := Sluice needs Python 3.13 and found none: install it (pyenv install 3.13, or your package manager) and retry
SYNC = @$(UV) python find --quiet 3.13 >/dev/null 2>&1 || { echo "$(NO_PYTHON)" >&2; exit 1; }; \
	echo "installing $(@D) …"; UV_PROJECT_ENVIRONMENT=$(@D) $(UV) sync --frozen --quiet

$(DEV): $(LOCKED) | $(UV)
	$(SYNC) && touch $@

$(STACK): $(LOCKED) | $(UV)
	$(SYNC) --no-default-groups --group stack && touch $@

$(SAM_CLI): $(LOCKED) | $(UV)
	$(SYNC) --only-group sam && touch $@

$(CHECKOV): $(LOCKED) | $(UV)
	$(SYNC) --only-group checkov && touch $@

# Without the project itself: the mutated copy of it has to be the only one.
$(MUTANTS): $(LOCKED) | $(UV)
	$(SYNC) --no-default-groups --group mutants --no-install-project && touch $@

.local/uv/bin/uv:
	@python3 -c "" 2>/dev/null || { echo "$(NO_PYTHON)" >&2; exit 1; }
	@echo "installing uv …"
	@python3 -m venv .local/uv && .local/uv/bin/python -m pip install --quiet --disable-pip-version-check uv || \
		{ echo "uv could not be installed: make needs a python3 with venv, and a way to PyPI" >&2; rm -rf .local/uv; exit 1; }
