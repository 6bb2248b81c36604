"""Create a peer's users, sign each of them in, and print the header that authenticates their requests, one per line."""

import sys
from importlib import import_module

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction


def main(count: int) -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("migrate", interactive=False, verbosity=0, run_syncdb=True)  # tables without migrations
    peer = import_module(settings.ROOT_URLCONF)
    users = get_user_model().objects
    with transaction.atomic():
        for number in range(count):
            user = users.create(username=f"person{number}", email=f"person{number}@peer.example")
            print(peer.sign_in(user))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


if __name__ == "__main__":
    main(int(sys.argv[1]))
