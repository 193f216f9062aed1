# Two commands do everything: `make serve` and `make test`.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
# VIDEO= leaves out what reads and writes videos (PyAV, whose wheels carry x264 and x265 under the GPL)
VIDEO ?= yes
# More flags of the service: make serve SERVE=--demo
SERVE ?=
# A page whose blocks of figures load, fuzz and soak renew: PAGE=docs/how-to/operate-the-service.md
PAGE ?=
# What fuzz sends: COUNT inputs of a SEED for so many MINUTES, or ONE again, by its number (with SEED) or its file in
# build/fuzz; ENGINE=fake answers without a network, MAX_PIXELS=2000000 without large pictures
SEED ?=
ONE ?=
COUNT ?=
MINUTES ?=
ENGINE ?=
MAX_PIXELS ?=
# Not empty: `make arm64` also runs the whole way under an emulated processor (Debian, as root)
EMULATE ?=
# What audit compares with: a file, folder or ZIP of advisories
ADVISORIES ?=
RUN := .venv/bin
DEV := .venv-dev/bin

.PHONY: help serve test check lock web studio element docs floor authors bench bench-quick arm64 load fuzz soak sbom audit clean

help:  ## say what there is
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /\t/'

serve: .venv/.ready  ## set up what is needed, then serve the page on http://localhost:8080
	$(RUN)/nearfar serve --host $(HOST) --port $(PORT) $(SERVE)

test: .venv-dev/.ready  ## set up what is needed, run all tests, say what was skipped
	sh tools/browser.sh
	sh tools/node.sh .venv-dev
	sh tools/test.sh $(DEV)/python

check: .venv-dev/.ready  ## lint, types, layers
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/mypy
	$(DEV)/lint-imports

lock:  ## renew requirements/*.txt from pyproject.toml
	sh tools/lock.sh $(PYTHON)

web:  ## rebuild the page from web/ into src/nearfar/service/static
	cd web && npm ci --no-audit --no-fund && npm run build

studio:  ## the page without a server: dist/studio, a folder for any web host
	cd web && npm ci --no-audit --no-fund && npm run studio

element:  ## the npm package with <nearfar-depth> and estimate(): dist/npm, not published
	cd web && npm ci --no-audit --no-fund && npm run element

docs: .venv-dev/.ready  ## the site of the docs, English and Chinese, with search: dist/docs, a folder for any web host
	$(DEV)/python tools/docs_site.py

floor: .venv-dev/.ready  ## the oldest transformers that is allowed, and the newest
	sh tools/floor.sh $(DEV)/python

authors: .venv-dev/.ready  ## Depth Anything 3 and MoGe-2 by their authors' own packages
	sh tools/authors.sh $(DEV)/python

bench: .venv-dev/.ready  ## run every benchmark, one after the other
	for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(DEV)/python $$file || exit 1; done

bench-quick: .venv-dev/.ready  ## every ratio against scripts by hand, in under three minutes: artifacts/bench-quick.md
	$(DEV)/python benchmarks/quick.py --output artifacts/bench-quick.md $(PAGE:%=--page %)

arm64: .venv-dev/.ready  ## a wheel for arm64 of every dependency; EMULATE=1 also runs the whole way under emulation
	$(DEV)/python tools/arm64.py
	$(if $(EMULATE),sh tools/arm64.sh $(DEV)/python)

load: .venv-dev/.ready  ## 1 to 256 clients at once: nothing wrong, nobody waits in vain
	$(DEV)/python benchmarks/service_overload.py --check $(PAGE:%=--page %); status=$$?; \
	$(DEV)/python benchmarks/service_throughput.py --check $(PAGE:%=--page %) && exit $$status

fuzz: .venv-dev/.ready  ## 50,000 hostile requests, 20,000 damaged pictures; every operation against the API's document
	NEARFAR_LAB_FUZZ=1 NEARFAR_LAB_PAGE=$(PAGE) NEARFAR_LAB_SEED=$(SEED) NEARFAR_LAB_ONE=$(ONE) NEARFAR_LAB_COUNT=$(COUNT) \
	NEARFAR_LAB_MINUTES=$(MINUTES) NEARFAR_LAB_ENGINE=$(ENGINE) NEARFAR_LAB_MAX_PIXELS=$(MAX_PIXELS) \
	$(DEV)/python -m pytest -s --timeout 14400 tests/service/test_hostile.py $(if $(ONE)$(COUNT)$(MINUTES),,tests/decode/test_fuzz.py tests/service/test_schema.py)

soak: .venv-dev/.ready  ## 10,000 requests: memory, files and threads stay; faults at length
	sh tools/browser.sh
	NEARFAR_LAB_PAGE=$(PAGE) $(DEV)/python -m pytest --timeout 3600 -m soak

sbom: .venv/.ready .venv-dev/.ready  ## the bill of materials (CycloneDX) of what serve installs: build/nearfar.cdx.json
	$(DEV)/python tools/sbom.py --python $(RUN)/python

audit: .venv-dev/.ready  ## pinned versions against advisories in a file of OSV's form: ADVISORIES=all.zip
	sh tools/audit.sh $(ADVISORIES)

clean:  ## remove the environments
	rm -rf .venv .venv-dev

.venv/.ready: requirements/base.txt requirements/video.txt pyproject.toml tools/environment.sh
	sh tools/environment.sh $(PYTHON) .venv "requirements/base.txt $(if $(VIDEO),requirements/video.txt)"

.venv-dev/.ready: requirements/dev.txt pyproject.toml tools/environment.sh
	sh tools/environment.sh $(PYTHON) .venv-dev requirements/dev.txt torch==2.13.0
