"""The worker of `make run`. Unlike `manage.py procrastinate worker`, it does not announce its start."""

import django
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector


def main() -> None:
    django.setup()
    assert isinstance(app.connector, DjangoConnector)  # noqa: S101 - procrastinate's Django app has no other
    with app.replace_connector(app.connector.get_worker_connector()):
        app.run_worker()


if __name__ == "__main__":
    main()
