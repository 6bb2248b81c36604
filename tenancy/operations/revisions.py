"""The platform's revision: the number that every scope-wide revocation takes."""

from django.db import connection


def next_revision() -> int:
    """Take the next number of the platform's counter.

    The row stays locked until commit, so numbers commit in the order they were taken.
    """
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenancy_platform SET revision = revision + 1 RETURNING revision")
        return cursor.fetchone()[0]
