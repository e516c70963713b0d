# Everything a person or CI does here. Needs only Python 3.11 or later (PYTHON=… names another one).
PYTHON ?= python3
BIN    := .venv/bin
STAMP  := .venv/.installed
STAGE  ?= local
JOBS   ?= auto
TESTS  ?=

.DEFAULT_GOAL := help
.PHONY: help setup run demo simulate test test-alone check lint form types templates screenshots package invoke format lock clean deploy rollback destroy status drift alarms rehearse drill figures bench bench-peers cost

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with the locked versions

$(STAMP): infra/lock/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tuan needs Python 3.11 or later")'
	@test ! -L .venv || { echo '.venv is a link, and making it anew would empty what it leads to: remove the link first'; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r infra/lock/dev.txt
	@touch $@

run: setup ## the whole system on this machine, until Ctrl-C; state is kept in .local/
	$(BIN)/python -m infra.local.run

demo: setup ## a neighbourhood's day on a fresh local stack, promises checked (PROVIDER=stripe: paid through localstripe)
	$(BIN)/python -m tests.story --stack local $(if $(PROVIDER),--provider $(PROVIDER))

screenshots: setup ## pictures of every page, in .build/screenshots/ (needs Chromium)
	$(BIN)/python -m tests.browser.screenshots

simulate: setup ## the same day in one process on a virtual clock
	$(BIN)/python -m tests.story --stack moto $(if $(PROVIDER),--provider $(PROVIDER))

test: setup ## every test but those that want the machine to themselves (under 5 minutes on 2 cores)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder -m "not alone" $(TESTS)

test-alone: setup ## an evening on the local engine beside the short rehearsal, what measures real time
	$(BIN)/python -m pytest -n 2 --dist loadscope -m alone $(or $(TESTS),$(shell grep -rl 'mark\.alone' tests --include='test_*.py'))

check: setup lint test test-alone ## form, types, templates, then every test

figures: setup ## calls, write units, zip sizes and import times, into docs/figures.md
	$(BIN)/python -m tests.bench.figures

bench: setup ## every measurement (under 15 minutes), into docs/performance.md
	$(BIN)/python -m tests.bench

bench-peers: setup ## orders/s beside pretix on a scratch PostgreSQL
	$(BIN)/python -m tests.bench.peers

cost: setup ## dollars per million joins, payments, closings, refunds and progress reads
	$(BIN)/python -m tests.bench.cost

lint: setup
	@$(MAKE) --no-print-directory -j3 form types templates

form:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

templates:
	$(BIN)/python -m infra.package --stage prod --quiet --if-changed
	$(BIN)/cfn-lint infra/templates/data.yaml infra/templates/identity.yaml infra/templates/identity-phone-codes.yaml .build/prod/sam.yaml

package: setup ## what AWS gets, in .build/STAGE (STAGE=local, demo or prod)
	$(BIN)/python -m infra.package --stage $(STAGE)

invoke: setup ## one function of the running stack: FUNCTION=tick EVENT=events/schedule.json
	$(BIN)/python -m infra.local.invoke $(FUNCTION) $(EVENT)

deploy: setup ## a cell: REGION=eu-central-1 STAGE=prod (or REGION=local:run); changes are shown first; YES=1 agrees
	$(BIN)/python -m infra.commands deploy $(REGION) --stage $(STAGE) $(if $(YES),--yes)

rollback: setup ## a cell's release before this one: REGION=… STAGE=…
	$(BIN)/python -m infra.commands rollback $(REGION) --stage $(STAGE) $(if $(YES),--yes)

destroy: setup ## a cell's code: REGION=… STAGE=…; its data as well: DATA=1 NAME=tuan-STAGE-REGION
	$(BIN)/python -m infra.commands destroy $(REGION) --stage $(STAGE) $(if $(DATA),--data) --name "$(NAME)"

status: setup ## all cells in one table
	$(BIN)/python -m infra.commands status $(REGION)

drift: setup ## what was changed by hand: REGION=… STAGE=…
	$(BIN)/python -m infra.commands drift $(REGION) --stage $(STAGE)

alarms: setup ## which alarms are going off: REGION=… STAGE=… (REGION=local:run on this machine)
	$(BIN)/python -m infra.commands alarms $(REGION) --stage $(STAGE)

rehearse: setup ## two regions on this machine: deploy, sell, update, roll back, restore, lose one (SHORT=1 is for CI)
	$(BIN)/python -m infra.rehearse $(if $(SHORT),--short)

drill: setup ## KIND=burst|carrier-down|provider-down|region-down, with a report (REGION=… STAGE=scratch on AWS)
	$(BIN)/python -m infra.drill $(KIND) $(if $(REGION),--cell $(REGION) --stage $(STAGE))

format: setup ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## resolve infra/lock/dev.in anew
	$(PYTHON) -m venv --clear .build/lock
	.build/lock/bin/pip install --quiet --disable-pip-version-check --upgrade -r infra/lock/dev.in
	@{ echo '# Made by `make lock` from dev.in; do not edit.'; \
	   .build/lock/bin/pip freeze --all | grep -v '^pip=='; } > infra/lock/dev.txt

clean: ## remove what was built; keeps .local/
	rm -rf .build .venv

.PHONY: prove audit

prove: setup ## everything that is claimed, tried at length (under an hour), into docs/proof.md
	$(BIN)/python -m tests.prove

audit: setup ## advisories for the locked versions (asks the package index), and docs/licences.md
	$(BIN)/python -m infra.advisories
	$(BIN)/python -m infra.licences
