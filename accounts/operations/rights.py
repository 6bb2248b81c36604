"""Restrictions on what an actor may do to an account, in API and console alike."""

from accounts.models import Role, User
from accounts.models.users import grantable_by
from core.access import ActorType, Principal


class RoleNotGrantable(Exception):
    """The actor may not assign this role."""


class SignInRequired(Exception):
    """An API key is not enough, because a leaked key must not be able to take over its user's account."""


class OwnAccount(Exception):
    """Actors change their own credentials with their password, not by administration."""


def require_grantable(role: Role, *, actor: Principal) -> None:
    if role not in grantable_by(actor):
        raise RoleNotGrantable


def require_sign_in(*, actor: Principal) -> None:
    if actor.type is ActorType.API_KEY:
        raise SignInRequired


def require_other_user(user: User, *, actor: Principal) -> None:
    require_sign_in(actor=actor)
    if user.pk == actor.user_id:
        raise OwnAccount
