"""v1's errors for tenancy's exceptions."""

from http import HTTPStatus
from typing import Any

from tenancy.operations import LimitReached, PartnerHasTenants


def limit_reached(error: LimitReached) -> str:
    return f"{error.limit} is {error.allowed}, and {error.used} are in use"


def partner_has_tenants(error: PartnerHasTenants) -> str:
    return f"This partner still has tenants; delete or move them first: {', '.join(error.tenants)}"


ERRORS: dict[type[Exception], tuple[HTTPStatus, Any]] = {
    LimitReached: (HTTPStatus.CONFLICT, limit_reached),
    PartnerHasTenants: (HTTPStatus.CONFLICT, partner_has_tenants),
}
