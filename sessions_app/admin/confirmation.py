"""How the console confirms a revocation: a form shows how many sessions would end, and no more than that do.

The page that revokes sessions, the actions and the forms all confirm in this way. The preview is
`sessions_app.reads.revocation_preview`, and a form carries its number in `at_most`.
"""

from django.http import QueryDict

from sessions_app.operations.bulk_revocation import MoreThanConfirmed

MORE_SESSIONS = "This would now revoke more sessions than you confirmed. Review the new number and confirm again."


def confirmed_count(data: QueryDict) -> int | None:
    """Return the number of sessions that a form had shown when it was confirmed; None if it has none."""
    number = data.get("at_most", "")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 12 else None


def require_confirmation(data: QueryDict, sessions_ended: int) -> None:
    """Refuse to revoke more sessions than the form had shown, in the transaction that has just revoked them."""
    if sessions_ended > (confirmed_count(data) or 0):
        raise MoreThanConfirmed
