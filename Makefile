PYTHON := .meridian/venv/bin/python
UV := .meridian/venv/bin/uv pip compile -q --universal -p 3.11 --no-emit-index-url --no-emit-find-links --generate-hashes
GPU_UV := .meridian/venv/bin/uv pip compile -q --python-platform x86_64-manylinux_2_35 -p 3.12 \
	--no-emit-index-url --no-emit-find-links --generate-hashes
export PYTHONPATH := .:serving-image

.DEFAULT_GOAL := help
.PHONY: help up down status check test sweep bench docs format lock contract clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up:  ## install what is needed and bring up the local stack: real vLLM behind real Envoy
	@./meridian up local

down:  ## remove the local stack: no process, port or file of it is left
	@./meridian down local

status:  ## processes, ports and health of the local stack
	@./meridian status local

check:  ## the quick loop, under a minute: lint, types, architecture, unit tests
	@./meridian setup dev
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.meridian/venv/bin/lint-imports
	@$(PYTHON) -m pytest -q -m "not slow and not real"

test: check  ## everything, with the real engine, the real vLLM and the real Envoy
	@./meridian setup dev engine serving
	@./meridian setup lab || echo "the tests of the lab will be skipped"
	@MERIDIAN_SAMPLE_SEED=$${MERIDIAN_SAMPLE_SEED:-$$(date +%Y%m%d)} $(PYTHON) -m pytest -m "(slow or real) and not sweep"

sweep: check  ## everything that `make test` takes a sample of or leaves out, for as long as it takes
	@./meridian setup dev engine serving lab
	@$(PYTHON) -m pytest -m "slow or real or sweep"

bench:  ## measure `make up`, cold and warm, what a replica needs, and what the gateway adds
	@./meridian setup dev engine serving
	@$(PYTHON) -m bench.up
	@$(PYTHON) -m bench.gateway

format:  ## put the code in shape
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

docs:  ## make the generated pages anew
	@$(PYTHON) -m stacks.reference
	@$(PYTHON) -m stacks.schema
	@$(PYTHON) -m tests.components.contract.page

lock:  ## compile the lock files anew from the *.in files
	@$(UV) requirements.in -o requirements.txt
	@$(UV) requirements-local.in -c requirements.txt -o requirements-local.txt
	@$(UV) requirements-rehearsal.in -c requirements.txt -o requirements-rehearsal.txt
	@$(UV) requirements-dev.in -c requirements-rehearsal.txt -o requirements-dev.txt
	@$(UV) requirements-gateway.in -o requirements-gateway.txt
	@cd serving-image && ../$(UV) requirements-cpu.in --override overrides-cpu.txt -o requirements-cpu.txt
	@cd serving-image && ../$(GPU_UV) requirements-gpu.in -o requirements-gpu.txt

contract:  ## read serving-image/image.json anew from both pinned vLLMs; the GPU wheel is 340 MB
	@./meridian setup dev serving
	@.meridian/serving-cpu/bin/python serving-image/extract_contract.py cpu
	@$(PYTHON) -m pip download -q --no-deps --only-binary :all: --python-version 3.12 --platform manylinux_2_28_x86_64 \
		-d .meridian/wheels "$$(grep -oE '^vllm==[^ ]+' serving-image/requirements-gpu.txt)"
	@.meridian/serving-cpu/bin/python serving-image/extract_contract.py gpu --wheel .meridian/wheels/vllm-*.whl

clean: down  ## also remove everything that was installed for this checkout
	@rm -rf .meridian
