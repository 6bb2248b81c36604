"""v1's words for what tenancy refuses."""

from http import HTTPStatus
from typing import Any

from tenancy.operations import LimitReached, PartnerHasTenants


def limit_reached(refusal: LimitReached) -> str:
    return f"{refusal.limit} is {refusal.allowed}, and {refusal.used} are in use"


def still_inhabited(refusal: PartnerHasTenants) -> str:
    return f"This partner still has tenants; delete or move them first: {', '.join(refusal.tenants)}"


ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    LimitReached: (HTTPStatus.CONFLICT, limit_reached),
    PartnerHasTenants: (HTTPStatus.CONFLICT, still_inhabited),
}
