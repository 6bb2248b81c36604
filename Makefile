.PHONY: help run manage test check proof bench docs screenshots schema requirements
export CURFEW_ENV = development
unexport PYTHONDONTWRITEBYTECODE  # compiled modules are kept: many processes load them
python = .venv/bin/python
draw = @set -e; for name in admin_tokens edge panel v1; do SECRET_KEY=checked $(python) manage.py spectacular --format openapi-json \
	--validate --fail-on-warn --generator-class config.docs.$$name --file $(1); done

help:  # list what make can do
	@sed -n 's/^\([a-z]*\):.*  # \(.*\)/\1\t\2/p' Makefile | expand -t 14

run: .venv/ready  # everything set up, demo data, a URL, accounts and a first curl; FRESH=1 deletes the last demo first
	@exec $(python) -m config.run

manage: .venv/ready  # a command on the database of make run: make manage ARGS="session_stats --tenant north"
	@exec $(python) manage.py $(ARGS)

test: .venv/ready  # everything that a change can break, on a PostgreSQL of its own
	@$(python) -m tests.browser.chromium
	CURFEW_FIGURES=once $(python) -m pytest -n auto -m "not proof"

check: .venv/ready  # format, lint, types, migrations, schemas
	$(python) -m ruff format --check . && $(python) -m ruff check .
	$(python) -m mypy .
	SECRET_KEY=checked $(python) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(call draw,/dev/stdout | diff docs/openapi/$$name.json -)

proof: .venv/ready  # what takes longer, and every promise at its full figures (FIGURES=reduced for a tenth or so)
	@$(python) -m tests.browser.chromium
	@$(python) -m tests.interop.install
	$(python) -m pytest -n auto -m "proof or sampled" --ignore tests/proof
	CURFEW_FIGURES=$(or $(FIGURES),full) $(python) -m pytest $(if $(FIGURES),-n auto) tests/proof

bench: .venv-bench/ready  # measure every performance goal, beside the peers, with ROWS=1000000 sessions
	@exec .venv-bench/bin/python -m bench $(ROWS)

docs: .venv-docs/ready  # build the documents as a site in .site/html; broken links fail
	@rm -rf .site && mkdir -p .site/source
	@tar cf - *.md LICENSE docs bench/*.md bench/*.svg tests/README.md | tar xf - -C .site/source
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --config-file docs/mkdocs.yml
	@echo "Open .site/html/index.html. For the search: python3 -m http.server --bind 127.0.0.1 --directory .site/html"

screenshots: .venv/ready  # take the pictures in docs/pictures anew, of the demo data
	@$(python) -m tests.browser.chromium
	@exec $(python) -m tests.browser.screenshots

schema: .venv/ready  # write docs/openapi from the views, and docs/configuration.md from the settings
	$(call draw,docs/openapi/$$name.json)
	DJANGO_SETTINGS_MODULE=config.settings_test $(python) -m tests.architecture.settings_reference

requirements: .venv/ready  # pin what pyproject.toml asks for
	$(python) -m uv pip compile -q --generate-hashes --python-version 3.11 pyproject.toml -o requirements.txt
	$(python) -m uv pip compile -q --generate-hashes --python-version 3.11 --group dev pyproject.toml -o requirements-dev.txt
	$(python) -m uv pip compile -q --generate-hashes --python-version 3.11 --group bench pyproject.toml -c requirements.txt -o bench/requirements.txt
	$(python) -m uv pip compile -q --generate-hashes --python-version 3.11 --group docs -o docs/requirements.txt
	$(python) -m uv pip compile -q --generate-hashes --python-version 3.12 --no-deps --group interop -o tests/interop/requirements.txt

.venv/ready: requirements-dev.txt config/bootstrap.sh
	@sh config/bootstrap.sh

.venv-bench/ready: bench/requirements.txt config/bootstrap.sh
	@sh config/bootstrap.sh .venv-bench bench/requirements.txt

.venv-docs/ready: docs/requirements.txt config/bootstrap.sh
	@sh config/bootstrap.sh .venv-docs docs/requirements.txt
