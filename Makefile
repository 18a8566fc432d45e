# Bare `make` lists every command. The environment is kept in .venv (one for each runtime), the store in var/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
RUNTIME ?= sklearn-1.9
PORT ?= 8000
BASE ?= $(shell cat image/base.txt)
EXTRAS ?=
PROFILES ?= worker,metrics

VENV := .venv$(if $(filter-out sklearn-1.9,$(RUNTIME)),-$(RUNTIME))
BIN := $(VENV)/bin
SERVICE := $(VENV)/.service
DEVELOPMENT := $(VENV)/.development
SAMPLES := $(VENV)/.samples
PLOTS := $(VENV)/.plots
CHECKS := .venv-checks/.installed
ANSIBLE_BIN := .venv-ansible/bin
ANSIBLE := .venv-ansible/.installed
FLIGHTS := var/samples/flights

# The lock names everything: older pips would look for the extras of what is locked, and find no hash for them.
PIP_INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all:

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(SERVICE) $(if $(MODEL),,$(FLIGHTS)/flights.pkl) ## Serve a model here: MODEL=model.pkl SAMPLE=data.csv NAME= RUNTIME= PORT=
	@PICKLEFLEET_LOG_FORMAT=$${PICKLEFLEET_LOG_FORMAT:-text} $(BIN)/picklefleet up --port $(PORT) $(UP_FLAGS) \
	  $(if $(MODEL),'$(MODEL)' --home var/models $(if $(SAMPLE),--sample '$(SAMPLE)') $(if $(NAME),--name '$(NAME)'),\
	  $(FLIGHTS)/flights.pkl --sample $(FLIGHTS)/flights-sample.csv --name flights \
	  --reference $(FLIGHTS)/flights-reference.csv --target arrival --time scheduled_at --fold fold)

.PHONY: test
test: $(DEVELOPMENT) $(SAMPLES) ## Run the whole fast suite
	@$(BIN)/pytest -n auto --dist loadscope $(PYTEST_FLAGS)

.PHONY: lint
lint: $(DEVELOPMENT) ## Check style, formatting, types and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: fuzz
fuzz: $(DEVELOPMENT) $(FLIGHTS)/flights.pkl ## Throw 3,000 generated requests at a real service: CASES=
	@$(BIN)/pytest tests/e2e/test_schemathesis.py --cases $(or $(CASES),3000)

ALONE = tests/e2e/test_switches.py tests/e2e/test_overload.py
WAITING = tests/e2e/test_releases.py

.PHONY: e2e
e2e: $(DEVELOPMENT) $(FLIGHTS)/flights.pkl ## Run the end-to-end tests: real processes, real files
	@# what waits for minutes begins first, beside the others
	@$(BIN)/pytest $(WAITING) $(filter-out $(WAITING) $(ALONE), $(wildcard tests/e2e/test_*.py)) \
	    -n 2 --dist loadfile --no-loadscope-reorder --timeout 600 $(PYTEST_FLAGS)
	@$(BIN)/pytest $(ALONE) $(PYTEST_FLAGS)  # clients beyond what a machine can do need it to themselves

.PHONY: infra
infra: $(DEVELOPMENT) ## Test terraform/ for real: needs terraform 1.11 and the provider
	@$(BIN)/pytest tests/infra -n 2 $(PYTEST_FLAGS)

.PHONY: checks
checks: $(CHECKS) $(DEVELOPMENT) ## Run the static gates, each beside a planted fault that it must catch
	@$(BIN)/pytest tests/gates $(PYTEST_FLAGS)

.PHONY: audit
audit: AUDITED ?= requirements.txt $(wildcard runtimes/*.txt extras/*.txt) samples/requirements.txt image/requirements.txt requirements-dev.txt
audit: $(if $(CHECKS_BIN),,$(CHECKS)) ## Ask for known weaknesses of every locked package; one that can't be asked about is a failure
	@for lock in $(AUDITED); do \
	  $(or $(CHECKS_BIN),.venv-checks/bin)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off $(AUDIT_FLAGS) -r $$lock; done

.PHONY: plan
plan: $(if $(PICKLEFLEET_STORE),$(SERVICE)) ## Plan an environment on Azure: ENVIRONMENT=staging STATE_ACCOUNT= (terraform/README.md)
	@bash terraform/plan.sh $(or $(ENVIRONMENT),staging)

.PHONY: apply
apply: $(if $(PICKLEFLEET_STORE),$(SERVICE)) ## Apply the plan that was shown: ENVIRONMENT=staging STATE_ACCOUNT=
	@bash terraform/apply.sh $(or $(ENVIRONMENT),staging)

.PHONY: story
story: $(DEVELOPMENT) $(SAMPLES) ## Play the flights story with the real parts and write its page; QUICK=1: a short form
	@$(BIN)/python -m samples flights --later --out $(FLIGHTS)
	@$(BIN)/python -m samples story --files $(FLIGHTS) $(if $(QUICK),--quick --page var/story)

.PHONY: year
year: $(DEVELOPMENT) $(SAMPLES) $(PLOTS) ## Send the flights of 2013 through a service, judge every night, write the page
	@$(BIN)/python -m samples flights --later --out $(FLIGHTS)
	@$(BIN)/python -m samples year --files $(FLIGHTS)

.PHONY: version
version: ## Print this commit's version: its date, and its first letters
	@git log -1 --format=%cd-%h --date=format:%Y.%m.%d

.PHONY: release
release: $(SERVICE) ## Walk a release to all clients, or go back: ACTION=assign|deploy|promote|rollback|retire|status
	@$(BIN)/picklefleet release $(or $(ACTION),status) $(if $(filter assign,$(ACTION)),'$(VERSION).json')$(if $(filter deploy,$(ACTION)),$(if $(wildcard $(VERSION).json),'$(VERSION).json'))

.PHONY: retrain
retrain: $(SERVICE) ## Train what the queue asks for, compare it, register it; prints JSON
	@$(BIN)/picklefleet retrain run --json

.PHONY: approve
approve: $(SERVICE) ## Say that a version may serve: VERSION=v7
	@$(BIN)/picklefleet approve $(VERSION)

.PHONY: rollout
rollout: $(SERVICE) ## Give a version its traffic step by step: VERSION=v7
	@$(BIN)/picklefleet rollout start $(VERSION)

.PHONY: prove
prove: $(DEVELOPMENT) ## Run the experiments at full count, writing docs/proof/: NAME=
	@$(BIN)/python -m tests.prove $(NAME)

.PHONY: docs
docs: $(DEVELOPMENT) ## Write the generated pages: settings, metrics, problems, tables of terraform
	@$(BIN)/picklefleet settings --markdown > docs/settings.md
	@$(BIN)/python -c "from lifecycle.metrics import markdown; print(markdown(), end='')" > docs/metrics.md
	@$(BIN)/python -c "from webapp.problems import as_markdown; print(as_markdown(), end='')" > docs/problems.md
	@$(BIN)/python terraform/tables.py
	@$(BIN)/python docs/plan/capacity.py > docs/plan/capacity.md

.PHONY: lock
lock: $(DEVELOPMENT) ## Resolve every *.in file anew into a locked *.txt with hashes
	@for file in requirements $(basename $(wildcard extras/*.in)) requirements-dev samples/requirements image/requirements runtimes/sklearn-*.in; do \
	  file=$${file%.in}; echo "$$file.txt"; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(LOCK_FLAGS) \
	    $$file.in --output-file $$file.txt; \
	done

.PHONY: base
base: ## Pin the newest base image of its tag, by digest, in image/base.txt
	@tag=$$(cut -d@ -f1 image/base.txt) && docker pull --quiet "$$tag" > /dev/null && \
	  echo "$$tag@$$(docker image inspect --format '{{index .RepoDigests 0}}' "$$tag" | cut -d@ -f2)" > image/base.txt && cat image/base.txt

.PHONY: image
image: ## Build the container image and hold its layers to their budgets: RUNTIME= EXTRAS= BASE=
	@docker build --target service --build-arg BASE=$(BASE) --build-arg RUNTIME=$(RUNTIME) --build-arg EXTRAS="$(EXTRAS)" \
	  --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) --tag picklefleet:local .
	@$(PYTHON) image/size_budget.py picklefleet:local $(BASE) $(EXTRAS)

.PHONY: bake
bake: ## Bake a machine image with Packer: WHERE=azure|local IMAGE= (packer/README.md)
	@bash packer/bake.sh $(or $(WHERE),azure)

.PHONY: machine
machine: $(DEVELOPMENT) $(ANSIBLE) ## Bake the local twin of the machine image, boot it, check it as a host: needs Docker and Packer; IMAGE=
	@docker build --quiet --tag picklefleet-host --file tests/hosts/host.Dockerfile tests/hosts
	@[ -f $(or $(PICKLEFLEET_KEYS_DIR),var/keys)/trust.json ] || $(BIN)/picklefleet trust init
	@PATH=$(CURDIR)/$(ANSIBLE_BIN):$$PATH bash packer/bake.sh local
	@MACHINE_IMAGE=picklefleet-baked:latest $(BIN)/pytest tests/machine_image --timeout 900 $(PYTEST_FLAGS)

.PHONY: up
up: ## Start the whole ring in containers, with the flights model: PORT= PROFILES=worker,metrics
	@docker build --quiet --target service --build-arg BASE=$(BASE) --tag picklefleet:local .
	@docker build --quiet --target samples --build-arg BASE=$(BASE) --tag picklefleet-samples:local .
	@PORT=$(PORT) COMPOSE_PROFILES=$(PROFILES) docker compose up --detach --wait
	@[[ '$(PROFILES)' != *metrics* ]] || \
	  PORT=$(PORT) COMPOSE_PROFILES=$(PROFILES),dashboards docker compose run --rm --no-TTY dashboards
	@docker compose exec -T agent picklefleet edge status

.PHONY: demo
demo: $(DEVELOPMENT) $(SAMPLES) ## Drive the flights story through the ring that `make up` started: PORT= QUICK=1
	@$(BIN)/python -m samples flights --later --out $(FLIGHTS)
	@$(BIN)/python -m samples demo --files $(FLIGHTS) --port $(or $(PORT),8000) $(if $(QUICK),--quick)

.PHONY: down
down: ## Stop it, and leave neither containers nor networks nor data
	@COMPOSE_PROFILES=worker,metrics,dashboards docker compose down --volumes --remove-orphans

.PHONY: containers
containers: $(DEVELOPMENT) ## Start the ring in containers, check it, stop it: needs Docker with Compose
	@$(BIN)/pytest tests/containers --timeout 900 $(PYTEST_FLAGS)

.PHONY: site
site: $(ANSIBLE) ## Build and configure the hosts of an inventory: INVENTORY=ansible/inventory/yours
	@ANSIBLE_CONFIG=ansible/ansible.cfg $(ANSIBLE_BIN)/ansible-playbook -i $(INVENTORY) ansible/site.yml $(ANSIBLE_FLAGS)

.PHONY: verify-hosts
verify-hosts: $(ANSIBLE) ## Check the hosts of an inventory, changing nothing: INVENTORY=ansible/inventory/yours
	@PATH=$(CURDIR)/$(ANSIBLE_BIN):$$PATH ANSIBLE_CONFIG=ansible/ansible.cfg $(ANSIBLE_BIN)/pytest tests/hosts \
	  --confcutdir tests/hosts --ansible-inventory $(INVENTORY) $(PYTEST_FLAGS)

.PHONY: fleet
fleet: $(DEVELOPMENT) $(ANSIBLE) ## Build a fleet of hosts in containers from nothing, check it, switch it: needs Docker
	@$(BIN)/pytest tests/fleet --timeout 1800 $(PYTEST_FLAGS)

.PHONY: drill
drill: $(DEVELOPMENT) ## Run the drill of a runbook, with the real parts: RUNBOOK=store-down (docs/runbooks)
	@$(BIN)/pytest --timeout 1800 $$(sed -n '/^..Drill/,$$p' docs/runbooks/$(RUNBOOK).md | grep -o 'tests/[a-z0-9_/]*\.py\(::[a-z_]*\)\?' | sort -u) $(PYTEST_FLAGS)

.PHONY: clean
clean: ## Remove the environments and everything in var/
	@rm -rf .venv* var

$(FLIGHTS)/flights.pkl: $(SAMPLES)
	@$(BIN)/python -m samples flights --out $(FLIGHTS)

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Picklefleet needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	@echo "Making $(VENV) …" && $(PYTHON) -m venv $(VENV) && touch $@

$(SERVICE): $(VENV)/.created requirements.txt runtimes/$(RUNTIME).txt pyproject.toml
	@echo "Installing the service and the runtime $(RUNTIME) …"
	@$(PIP_INSTALL) -r requirements.txt -r runtimes/$(RUNTIME).txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): $(SERVICE) requirements-dev.txt
	@echo "Installing what the tests need …"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

$(SAMPLES): $(SERVICE) samples/requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r samples/requirements.txt
	@touch $@

$(PLOTS): $(SERVICE) extras/plots.txt
	@$(PIP_INSTALL) -r extras/plots.txt
	@touch $@

$(ANSIBLE): extras/ansible.txt
	@echo "Installing Ansible and what checks hosts …"
	@$(PYTHON) -m venv .venv-ansible
	@.venv-ansible/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r extras/ansible.txt
	@touch $@

$(CHECKS): extras/checks.txt
	@echo "Installing what the static gates need …"
	@$(PYTHON) -m venv .venv-checks
	@.venv-checks/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r extras/checks.txt
	@touch $@
