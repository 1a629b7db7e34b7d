# No .ONESHELL and no .SHELLFLAGS: macOS comes with GNU Make 3.81, which has neither.
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --annotation-style line

# Lambda's own, which builds what is deployed and runs it in the emulators.
FIND_3_13 := python3.13 --version >/dev/null 2>&1 || { \
    found=$$(pyenv latest 3.13 2>/dev/null) && export PYENV_VERSION=$$found || { \
        echo "The Lambda runtime's python3.13 is not on PATH: install it, as with 'pyenv install 3.13'." >&2; \
        exit 1; }; }

.DEFAULT_GOAL := help
.PHONY: help install demo test mutants .docker sam-local e2e .browser page check bench faults quotas soak build package lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-11s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.check ## Install into .venv all that developing needs

demo: .venv/.demo ## Assess an AWS account that runs on this machine
	@$(BIN)/python -m local.demo || [ $$? = 141 ] # the reader has seen enough, as `head` has

test: .venv/.test ## Run the tests
	@$(BIN)/python -m pytest --numprocesses auto

mutants: .venv/.test .venv/mutants/.made ## Change MODULE in SAMPLE small ways; its unit tests must notice each
	@PYTHONPATH=layers/blindspot $(BIN)/python -m tests.mutants $(MODULE) $(if $(SAMPLE),--sample $(SAMPLE)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(SINCE),--since $(SINCE))

sam-local: .docker .venv/.check ## Run every event, and the whole loop from schedule to backout, in Lambda's image; needs Docker
	@$(BIN)/python -m pytest tests/e2e/test_sam_local.py --exitfirst --capture=no --quiet

.docker:
	@docker info >/dev/null 2>&1 || { \
	    echo "Docker does not answer: 'sudo apt-get install docker.io' installs it, 'sudo dockerd' starts it." >&2; exit 1; }

e2e: .venv/.check $(patsubst %,.venv/%/.made,runtime ministack) ## Run the build, deploy it to an emulated account, set off an alarm there; needs Docker
	@$(BIN)/python -m pytest tests/e2e $(E2E)

.browser:
	@for name in chromium npm; do command -v $$name >/dev/null || { \
	    echo "'$$name' is not on PATH: 'sudo apt-get install $$name' installs it." >&2; exit 1; }; done

page: .browser .venv/.test .venv/page/.made tests/page/node_modules/.made ## Look at the page in Chromium: screenshots, print, accessibility; needs chromium and npm
	@PYTHONPATH=layers/blindspot $(BIN)/python -m tests.page

tests/page/node_modules/.made: tests/page/package-lock.json
	@npm ci --prefix tests/page --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

check: export SAM_CLI_TELEMETRY := 0
check: .venv/.check ## Check style, types, the direction of imports and the template
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=layers/blindspot $(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml organization/*.yaml layers/blindspot/blindspot/remediation/cloudformation/*.json docs/rules/*.yaml
	$(BIN)/sam validate --lint

bench: .venv/.test ## Compare the work of deciding and judging with a reference
	@$(BIN)/python -m local.bench || [ $$? = 141 ]

faults: .venv/.test ## Let every AWS operation fail in every way, over HTTP; takes half an hour
	@PYTHONPATH=layers/blindspot $(BIN)/python -m tests.faults

quotas: .venv/.test ## Evaluate accounts at AWS's quotas, and compare CPU and memory with what Lambda gives
	@PYTHONPATH=layers/blindspot $(BIN)/python -m tests.quotas

soak: .venv/.test ## Evaluate ten thousand times in one process: nothing may grow, no verdict may be an old one
	@PYTHONPATH=layers/blindspot $(BIN)/python -m tests.soak

build: export SAM_CLI_TELEMETRY := 0
build: .venv/.check ## Build what `sam deploy` uploads and `sam local` runs
	@$(FIND_3_13); $(BIN)/sam build
	@$(BIN)/python -m local.sam_template

package: build ## Make plain CloudFormation for a StackSet; with REGIONS, upload it and the code to the buckets BUCKET-REGION
	@$(BIN)/python -m local.package --bucket '$(BUCKET)' \
	    $(if $(PROFILE),--profile-name '$(PROFILE)') $(REGIONS)

lock: export UV_CUSTOM_COMPILE_COMMAND := make lock
lock: .venv/.check ## Lock the newest versions of what requirements/*.in name
	# Each lock is held to the one above it, so that all of them can share one .venv.
	$(LOCK) requirements/check.in --output-file requirements/check.txt
	$(LOCK) requirements/test.in --constraints requirements/check.txt --output-file requirements/test.txt
	$(LOCK) requirements/demo.in --constraints requirements/test.txt --output-file requirements/demo.txt
	$(LOCK) requirements/layer.in --constraints requirements/demo.txt --output-file layers/blindspot/requirements.txt
	# What runs on python3.13, and the emulator, has an environment of its own.
	$(subst 3.11,3.13,$(LOCK)) requirements/runtime.in --constraints requirements/demo.txt --output-file requirements/runtime.txt
	$(subst 3.11,3.13,$(LOCK)) requirements/page.in --output-file requirements/page.txt
	$(LOCK) requirements/ministack.in --output-file requirements/ministack.txt
	$(LOCK) requirements/mutants.in --output-file requirements/mutants.txt
	npm update --prefix tests/page --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean: ## Remove .venv, the build and the caches
	rm -rf .venv .aws-sam .demo .hypothesis .import_linter_cache .mypy_cache .page .pytest_cache .ruff_cache tests/page/node_modules
	find functions layers local tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The locks are complete, so pip need not resolve anything.
INSTALL = printf 'Installing %s packages into %s ' "$$(grep -c == $<)" $(1); set -o pipefail; \
    $(1)/bin/python -m pip --disable-pip-version-check install --no-deps --require-hashes -r $< | \
    awk '/^(Collecting|Processing)/ {printf "."} /^Installing/ {printf " unpacking"} {fflush()} END {print ""}'

.venv/.%: requirements/%.txt | $(BIN)/python
	@$(call INSTALL,.venv)
	@touch $@

.venv/%/.made: requirements/%.txt | $(BIN)/python
	@$(FIND_3_13); python3.13 -m venv --clear .venv/$*
	@$(call INSTALL,.venv/$*)
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or later is needed, and '$(PYTHON)' is not: name one, as in 'make PYTHON=python3.13 demo'." >&2; \
	    exit 1; }
	@$(PYTHON) -m venv .venv || { \
	    rm -rf .venv; echo "'$(PYTHON)' has no venv module: on Debian and Ubuntu, install python3-venv." >&2; exit 1; }
