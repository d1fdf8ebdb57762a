# Thin: each line is a command you could type. `make report` and `make test` do all the set-up.
PYTHON ?= python3

.PHONY: report quick example test check env lock

report: env
	.venv/bin/snakemake --cores all

quick: env
	.venv/bin/snakemake --cores all --configfile overlays/quick.yaml

# Measures the example in docs/ again, on this machine.
example: env
	.venv/bin/snakemake --cores all --configfile overlays/quick.yaml --config campaign=example
	tools/keep-example

# What needs neither an interpreter under test nor the machine for itself runs on all CPUs.
TOGETHER = tests/analysis tests/browser tests/common tests/pipeline/quick tests/plan tests/project tests/records tests/reporting
test: env check tests/browser/node_modules/.package-lock.json
	.venv/bin/pytest --numprocesses auto --dist loadfile $(TOGETHER)
	.venv/bin/pytest $(TOGETHER:%=--ignore %)

check: env
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/snakefmt --check Snakefile workflow
	.venv/bin/snakemake --lint

# Without npm the tests that need this are skipped, and say so.
tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	-npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent

env: .venv/.made-from-lock

.venv/.made-from-lock: requirements.lock
	PYTHON=$(PYTHON) tools/make-env

# Pin the newest versions, for the pipeline and for the builds.
lock:
	.venv/bin/uv pip compile --quiet --upgrade --universal --fork-strategy fewest \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --group dev pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --universal --fork-strategy fewest \
	  --python-version 3.13 --generate-hashes --no-emit-index-url workflow/envs/arm.in -o workflow/envs/arm.lock
