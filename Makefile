# Thin: each line is a command you could type. `make report` and `make test` do all the set-up.
PYTHON ?= python3

# Modules of the shell's would stand in for those of requirements.lock.
unexport PYTHONPATH PYTHONHOME
# A user without a name, as in containers, is no error; Snakemake wants one.
export LOGNAME := $(or $(LOGNAME),$(USER),$(shell id -un 2>/dev/null || id -u))

.PHONY: report quick example test faults docs bench audit platforms check env lock help

report: env  ## the default sweep: about half an hour, and 7 minutes once to compile interpreters
	.venv/bin/snakemake --cores all

quick: env  ## a first report in a few minutes
	.venv/bin/snakemake --cores all --configfile overlays/quick.yaml

example: env  ## measure the example in docs/ again, on this machine
	.venv/bin/snakemake --cores all --configfile overlays/quick.yaml --config campaign=example
	tools/keep-example

# Files stay whole: their tests share what is slow to make. Tests that measure run beside others, and their
# trials take turns: one is measured at a time on a host. Where time is lost is looked for alone.
ALONE = tests/pipeline/test_causes.py
test: env check tests/browser/node_modules/.package-lock.json  ## every test
	.venv/bin/pytest --numprocesses logical --dist loadfile --no-loadscope-reorder --durations 40 --ignore $(ALONE)
	.venv/bin/pytest $(ALONE)

faults: env  ## every fault of docs/reliability.md, with 100 kills and up to 10,000 inputs of each kind
	HYPOTHESIS_PROFILE=faults .venv/bin/python -m tests.faults --quiet --numprocesses auto --dist loadfile

docs: env  ## the documentation as a site: site/index.html
	.venv/bin/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going --conf-dir docs --doctree-dir site/.doctrees . site

bench: env  ## figures of the instrument itself, as one table: 20 to 40 minutes
	.venv/bin/python -m benchmarks.targets

audit: env  ## known vulnerabilities of what is locked; needs the network
	for lock in requirements.lock requirements-cluster.lock workflow/envs/arm.lock; do \
	  .venv/bin/uv tool run pip-audit --strict --disable-pip --require-hashes -r $$lock || exit 1; done

platforms: env  ## whether locks and environment.yml resolve for Linux and macOS, on x86-64 and aarch64; needs the network
	tools/check-platforms

check: env  ## formatting, types and lint
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/snakefmt --check Snakefile workflow
	.venv/bin/snakemake --lint
	.venv/bin/snakemake --lint --configfile overlays/machines.yaml

# Without npm the tests that need this are skipped, and say so.
tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	-npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent

env: .venv/.made-from-lock $(if $(CLUSTER),.venv/.made-for-cluster)  ## the environment; CLUSTER=1 adds what sends jobs to Slurm
	@tools/make-env --check

.venv/.made-for-cluster: requirements-cluster.lock .venv/.made-from-lock
	.venv/bin/uv pip install --quiet --python .venv --no-deps --require-hashes -r requirements-cluster.lock
	touch $@

.venv/.made-from-lock: requirements.lock
	PYTHON=$(PYTHON) tools/make-env

lock:  ## pin the newest versions, for the pipeline and for the builds
	.venv/bin/uv pip compile --quiet --upgrade --universal --fork-strategy fewest \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --group dev pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --upgrade --universal --no-deps --no-header --no-annotate \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --group cluster -o requirements-cluster.lock
	.venv/bin/uv pip compile --quiet --universal --fork-strategy fewest \
	  --python-version 3.13 --generate-hashes --no-emit-index-url workflow/envs/arm.in -o workflow/envs/arm.lock

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]*:.*## / { print "make " $$1 "\t" $$2 }' Makefile
