.PHONY: run test check proof schema requirements
export CURFEW_ENV = development
python = .venv/bin/python

run: .venv/ready  # everything set up, demo data, a URL, accounts and a first curl
	@exec $(python) -m config.run

test: .venv/ready  # the whole suite, on a PostgreSQL of its own
	$(python) -m pytest -n auto

check: .venv/ready  # format, lint, types, migrations, schema
	$(python) -m ruff format --check . && $(python) -m ruff check .
	$(python) -m mypy .
	SECRET_KEY=checked $(python) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	SECRET_KEY=checked $(python) manage.py spectacular --format openapi-json --validate --fail-on-warn --file /dev/stdout | diff docs/openapi/v1.json -

proof: .venv/ready  # the promises at their full figures, as a table
	CURFEW_PROOF=1 $(python) -m pytest tests/proof

schema: .venv/ready  # write docs/openapi from the views
	SECRET_KEY=checked $(python) manage.py spectacular --format openapi-json --validate --fail-on-warn --file docs/openapi/v1.json

requirements: .venv/ready  # pin what pyproject.toml asks for
	$(python) -m uv pip compile -q --generate-hashes --python-version 3.11 pyproject.toml -o requirements.txt
	$(python) -m uv pip compile -q --generate-hashes --python-version 3.11 --group dev pyproject.toml -o requirements-dev.txt

.venv/ready: requirements-dev.txt config/bootstrap.sh
	@sh config/bootstrap.sh
