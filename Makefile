# Everything runs in one virtual environment in the checkout. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FULL := $(VENV)/.installed-for-tests
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
OUT := out

.PHONY: help demo test check bench docs pictures clean

help:  ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Deixis needs Python 3.11 or later; name one: make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

# Tests run real models of random weights, so they need torch; the demo doesn't. Where no CPU build
# of torch lies ready, pip takes PyPI's, which on Linux brings CUDA: several GB. To choose another:
# make test TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
$(FULL): $(STAMP)
	$(PIP) $(TORCH)
	$(PIP) -e '.[dev,docs,local,mcp,postgres,robot,web]'
	@touch $@

demo: $(STAMP)  ## Set up, ask a floor guide a question, write the annotated picture
	@mkdir -p $(OUT)
	$(BIN)/deixis ask examples/images/hospital_zh.jpg "Where should I go for ENT?" --annotate $(OUT)/demo.png
	@echo "The annotated picture: $(OUT)/demo.png"

test: check  ## Set up, then run everything CI runs
	$(BIN)/coverage erase
	$(BIN)/pytest --cov --cov-report=term

check: $(FULL)  ## Formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

bench: $(FULL)  ## Print ratios measured side by side in one run
	$(BIN)/python -m tests.bench

docs: $(FULL)  ## Build the documentation as a site, out/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "The site: $(OUT)/site/index.html"

pictures: $(FULL)  ## Draw the example pictures again
	$(BIN)/python examples/images/draw.py

clean:  ## Remove the virtual environment and what was written
	rm -rf $(VENV) $(OUT) .coverage .hypothesis .pytest_cache .ruff_cache
