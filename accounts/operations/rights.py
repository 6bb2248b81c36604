"""What an actor may not do to an account, whichever way they come."""

from accounts.models import Role, User
from accounts.models.users import grantable_by
from core.access import ActorType, Principal


class RoleNotGrantable(Exception):
    """A role that the actor may not give."""


class SignInRequired(Exception):
    """An API key is not enough: one that somebody finds must not become the account that it was made for."""


class OwnAccount(Exception):
    """Actors change their own credentials with what proves that they are their own."""


def require_grantable(role: Role, *, actor: Principal) -> None:
    if role not in grantable_by(actor):
        raise RoleNotGrantable


def require_sign_in(actor: Principal) -> None:
    if actor.type is ActorType.API_KEY:
        raise SignInRequired


def require_somebody_else(user: User, *, actor: Principal) -> None:
    require_sign_in(actor)
    if user.pk == actor.user_id:
        raise OwnAccount
