# Everything a person or CI runs. `make help` lists it; `make PYTHON=python3.13 test` chooses another interpreter.

PYTHON ?= python3
JOBS ?= 2
PIP_FLAGS = -qq --disable-pip-version-check --no-input --no-deps --require-hashes
BIN = .venv/bin
WITH_SEED = $(if $(SEED),SCORELET_SEED=$(SEED))

# sam build and the tflite runtime each ask for one certain Python; pyenv keeps them off the PATH
find_python = $(shell for p in python$(1) $$(pyenv root 2>/dev/null)/versions/$(1).*/bin/python$(1); do \
	if "$$p" -c 'pass' 2>/dev/null; then echo "$$p"; break; fi; done)
PYTHON313 ?= $(call find_python,3.13)
PYTHON311 ?= $(call find_python,3.11)

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
# MLServer, which bench-predict compares with, has no release for 3.13
PYTHON_BENCH ?= $(if $(filter 3.13,$(VERSION)),$(or $(call find_python,3.12),$(PYTHON311)),$(PYTHON))
READY = .venv/.ready-$(VERSION)
SOURCES = $(wildcard layers/core/scorelet cli training functions bench tests systemtests tools)
export SAM_CLI_TELEMETRY = 0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.SILENT:
.PHONY: audit bench-batch bench-bigfile bench-cold bench-cost bench-drift bench-drop bench-flat bench-forms bench-formulas bench-misconfig bench-predict bench-quantize bench-scale build build-test check clean demo help laws lock parquet-test python313 sam-local sbom scan setup shap-test system-test test tflite-test

help: ## list the targets
	awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv and install what is locked, hashes checked; again only when a lock changes

$(READY): requirements/dev.txt pyproject.toml
	case "$(VERSION)" in 3.11|3.12|3.13) ;; *) \
	  echo "Python 3.11, 3.12 or 3.13 is needed; '$(PYTHON)' is '$(VERSION)'. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1;; esac
	echo "Installing into .venv with Python $(VERSION); the first time takes a few minutes."
	rm -rf .venv
	$(PYTHON) -m venv .venv || { echo "No venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements/dev.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup ## the whole loop on this machine: train, publish, ask, drop a CSV, drift, alarm, roll back
	$(BIN)/python -m cli.demo

test: setup ## the whole test suite
	$(WITH_SEED) $(BIN)/python -m pytest -n $(JOBS)

laws: setup ## the property tests at full size (SEED=7 repeats a run, LAW=batch picks some by name)
	$(WITH_SEED) SCORELET_LAWS=full $(BIN)/python -m pytest -n $(JOBS) -m law $(if $(LAW),-k "$(LAW)")

check: setup .venv-sam/.ready scan ## lint, format, types, the template, and its scanners
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/cfn-lint template.yaml
	.venv-sam/bin/sam validate --lint >/dev/null
	echo "check: lint, format, types and template are fine."

scan: setup .venv-scan/.ready ## checkov, cfn-lint's serverless rules and cfripper on the expanded template
	$(BIN)/python -m tests.template.scanners

bench-misconfig: setup .venv-scan/.ready ## mistakes seeded into the template: which of the scanners and our rules see each
	$(BIN)/python -m bench.misconfig

bench-drift: setup ## false alarms and power of the drift test, simulated over months (takes an hour)
	$(BIN)/python -m bench.drift

shap-test: .venv-shap/.ready ## our Shapley values against the shap library's
	PYTHONPATH=.:layers/core .venv-shap/bin/python -m pytest tests/scorelet/test_explain_shap.py

parquet-test: setup .venv-peers/.ready ## our Parquet files as polars reads them
	$(BIN)/python -m pytest tests/scorelet/test_parquet_polars.py

bench-batch: setup .venv-peers/.ready ## batch scoring beside polars, DuckDB, pandas + onnxruntime and the csv module
	$(BIN)/python -m bench.batch --peers .venv-peers/bin/python

bench-forms: setup ## what each form of file costs, in and out, as ratios of processor time
	$(BIN)/python -m bench.forms

bench-formulas: setup ## what the guard against formulas costs, as ratios of processor time
	$(BIN)/python -m bench.formulas

bench-quantize: setup ## float against int8: size, accuracy, label flips, speed
	$(BIN)/python -m bench.quantize

bench-bigfile: setup ## a shard of a big file: rows a second and peak memory (PACKAGE=folder of an iris package)
	$(BIN)/python -m bench.bigfile $(PACKAGE)

bench-flat: setup ## rows a second and peak memory from 10,000 rows to 10 million, and 1 GB within 512 MB (MOST=100000000)
	$(BIN)/python -m bench.flat $(if $(MOST),--most $(MOST))

bench-drop: setup ## drop a filthy file of 5 GB on the local stack and find every row in one place (GB=0.2 for a quick try)
	$(BIN)/python -m bench.drop $(if $(GB),--gb $(GB))

bench-scale: setup ## what 1 GB to 10 TB take and cost on up to 10,000 children, simulated; which limit comes first
	$(BIN)/python -m bench.scale

bench-predict: setup .venv-bench/.ready ## requests a second and core, in process and beside other servers
	$(BIN)/python -m bench.predict

# --- What is built and deployed. systemtests/README.md says what each command proves.

WITH_313 = PATH="$(dir $(PYTHON313)):$$PATH" PYTHON313="$(PYTHON313)"

python313:
	test -n "$(PYTHON313)" || { echo "The functions run on Python 3.13, and sam build needs one: put python3.13 on the PATH."; exit 1; }

build: python313 .venv-sam/.ready ## sam build: functions and trimmed layers, into .aws-sam/build
	$(WITH_313) MAKEFLAGS= .venv-sam/bin/sam build $(if $(ARCHITECTURE),--parameter-overrides Architecture=$(ARCHITECTURE)) >.sam-build.log 2>&1 \
	  || { cat .sam-build.log; exit 1; }
	rm -f .sam-build.log
	echo "Built into .aws-sam/build."

build-test: setup build .tools/runtime/.ready ## test the built layers and the Runtime API they are measured behind
	$(WITH_313) $(BIN)/python -m pytest systemtests/test_build.py systemtests/test_runtime_api.py

sam-local: setup build .tools/runtime/.ready ## sam local invoke on every event, and clients of sam local start-api, in containers
	$(WITH_313) $(BIN)/python -m pytest --durations=0 --durations-min=1 --show-capture=no systemtests/test_sam_local.py systemtests/test_clients.py

system-test: setup build .venv-ministack/.ready ## sam deploy into an emulator: call, drop, alarm, deploy again, run docs/operations.md
	$(WITH_313) $(BIN)/python -m pytest --durations=0 --durations-min=1 --show-capture=no systemtests/test_deploy.py systemtests/test_operations.py

bench-cold: setup build .tools/runtime/.ready .venv-cold/.ready ## cold starts of the built functions, beside an empty one
	$(WITH_313) $(BIN)/python -m bench.cold

bench-cost: setup build .tools/runtime/.ready ## what `scorelet cost` reckons with; OUT=docs/measured.json keeps it
	$(WITH_313) $(BIN)/python -m bench.cost $(if $(OUT),--out $(OUT))

tflite-test: .venv-tflite/.ready ## the model seam on tflite-runtime: Python 3.11, numpy 1
	PYTHONPATH=.:layers/core .venv-tflite/bin/python -m pytest -p no:cacheprovider tests/scorelet/test_model.py \
	  tests/scorelet/test_features.py tests/scorelet/test_registry.py tests/scorelet/test_serving.py tests/scorelet/api/test_respond.py \
	  tests/scorelet/api/test_tfserving.py

# --- Supply chain.

LOCKS = $(wildcard requirements/*.txt layers/*/requirements.txt)

sbom: setup build .venv-supply/.ready ## bills of materials (CycloneDX) and licences of what is deployed and of what develops it
	$(WITH_313) tools/sbom.sh

audit: .venv-supply/.ready ## known vulnerabilities of everything that is locked; fails where nobody can be asked
	$(PYTHON) tools/audit.py .venv-supply/bin/pip-audit $(LOCKS)

# --- Tools with pins of their own live in environments of their own.

.venv-%/.ready: requirements/%.txt
	test -n "$(VENV_PYTHON)" || { echo "$(NO_PYTHON)"; exit 1; }
	echo "Installing what requirements/$*.txt locks into .venv-$*."
	rm -rf .venv-$*
	$(VENV_PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install $(PIP_FLAGS) -r $<
	touch $@

VENV_PYTHON = $(PYTHON)
.venv-cold/.ready .venv-ministack/.ready: VENV_PYTHON = $(PYTHON313)
.venv-cold/.ready .venv-ministack/.ready: | python313
.venv-bench/.ready: VENV_PYTHON = $(PYTHON_BENCH)
.venv-bench/.ready: NO_PYTHON = MLServer has no release for Python $(VERSION): put python3.12 or python3.11 on the PATH.
.venv-tflite/.ready: VENV_PYTHON = $(PYTHON311)
.venv-tflite/.ready: NO_PYTHON = tflite-runtime needs Python 3.11, and there is none here.

.tools/runtime/.ready: requirements/runtime.txt | python313
	rm -rf .tools/runtime
	$(PYTHON313) -m pip install $(PIP_FLAGS) --only-binary :all: --target .tools/runtime -r requirements/runtime.txt
	touch $@

lock: .venv-lock/.ready ## resolve every requirements.in again and write the locks
	UV=.venv-lock/bin/uv tools/lock.sh

clean: ## remove what was built; environments stay
	rm -rf .aws-sam .scorelet build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
