# The commands that people and CI run; each sets up what it needs from nothing but Python, pip and make.
#   make demo            the main job on real text, against the local sandbox     make demo LIVE=1   the real services
#   make test            lint, types, tests, notebooks                            make test-all      on Python 3.10 to 3.13
#   make packages        the wheel with each extra alone                          make test-lowest   with the oldest dependencies
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
BENCH_VENV ?= .venv-bench
LOWEST_VENV ?= .venv-lowest
PACKAGES := freeproviders langchain_freeproviders llamaindex_freeproviders
CODE := $(PACKAGES) llama_index tests scripts examples demo soak benchmarks
JOBS ?= 2

# Replies of real models, for measuring how tool calls are read; they are not part of this repository.
TOOLCALLS ?= ../shared

.PHONY: demo test test-all lint types pytest notebooks soak bench bench-quick bench-tools docs packages test-lowest clean
.DEFAULT_GOAL := test

demo: $(DEMO_VENV)/.ready
	LIVE=$(LIVE) $(DEMO_VENV)/bin/python -m demo

test: lint types pytest

test-all:
	$(PYTHON) scripts/test_all.py

# On Python 3.10 or 3.11, for which there are wheels of the oldest releases.
test-lowest: $(LOWEST_VENV)/.ready
	$(LOWEST_VENV)/bin/python -X dev -m pytest -q -n $(JOBS)

lint: $(VENV)/.ready
	$(VENV)/bin/ruff format --check $(CODE)
	$(VENV)/bin/ruff check $(CODE)
	$(VENV)/bin/python scripts/check_size.py $(PACKAGES) llama_index examples demo scripts soak benchmarks

types: $(VENV)/.ready
	$(VENV)/bin/mypy
	$(VENV)/bin/python scripts/check_types.py $(PACKAGES) llama_index.llms.freeproviders

pytest: $(VENV)/.ready
	$(VENV)/bin/python -X dev -m pytest -q -n $(JOBS)

# Executes the notebooks again and stores what they print; `make test` fails when that differs from what is stored.
notebooks: $(VENV)/.ready
	$(VENV)/bin/python tests/notebooks/refresh.py

# Builds the site of the documents, strictly, and looks at what came out; `make test` does the same elsewhere.
docs: $(VENV)/.ready
	$(VENV)/bin/python -m scripts.docs_site

# Takes the dependencies from the index; prints what each extra brings.
packages: $(VENV)/.ready
	$(VENV)/bin/python scripts/packages.py

# Over 100,000 calls under faults of all kinds, each judged; `make soak SOAK="--seed 1 --only 3"` repeats one.
soak: $(VENV)/.ready
	$(VENV)/bin/python -m soak $(SOAK)

# pip copies files, as nltk (which llama-index loads) refuses hard-linked ones.
$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)/bin/python -m pip install --quiet --group dev --editable .
	touch $@

$(LOWEST_VENV)/.ready: pyproject.toml tests/lowest.txt
	$(PYTHON) -m venv $(LOWEST_VENV)
	$(LOWEST_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(LOWEST_VENV)/bin/python -m pip install --quiet --group dev --editable . --constraint tests/lowest.txt
	touch $@

$(DEMO_VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(DEMO_VENV)/bin/python -m pip install --quiet --group demo --editable .
	touch $@

# Ratios to a bare aiohttp client, beside the peers: OUT names the folder of the results, the quick form leaves peers out.
bench: $(BENCH_VENV)/.ready
	$(BENCH_VENV)/bin/python -m benchmarks $(if $(OUT),--out $(OUT))

bench-quick: $(BENCH_VENV)/.ready
	$(BENCH_VENV)/bin/python -m benchmarks --quick $(if $(OUT),--out $(OUT))

$(BENCH_VENV)/.ready: pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BENCH_VENV)/bin/python -m pip install --quiet --editable ".[langchain,llamaindex]" --requirement benchmarks/requirements.txt
	touch $@

bench-tools: $(VENV)/.ready
	@test -e $(TOOLCALLS)/tools/score_tool_calls.py || { echo "no replies at TOOLCALLS=$(TOOLCALLS): nothing to measure"; exit 1; }
	$(VENV)/bin/python $(TOOLCALLS)/tools/score_tool_calls.py freeproviders.tools:parse --values freeproviders.tools:parse_value \
		--invariance freeproviders.tools:parse_stream --truncated 2

clean:
	rm -rf .venv* .docs-site demo-output .coverage .mypy_cache .pytest_cache .ruff_cache
