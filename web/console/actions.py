"""The actions that the console has for an object, beside its forms and the revocation of its sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, IdentityProvider, User
from core.access import Principal
from core.models import Status
from sessions_app.models import RevocationScope
from tenancy import operations as tenancy
from tenancy.models import Partner, Tenant
from tenancy.operations import PartnerHasTenants, Versions
from web.console.resources import error_response, is_allowed, is_writable


@dataclass(frozen=True, slots=True)
class Result:
    sessions_ended: int = 0
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One operation on an object, confirmed on a page of its own.

    `policy` is v1's action that does the same: its permission and its limit hold here as well. `revokes` is the scope
    whose sessions end with it, and `obstacle` says what stands in its way, if anything does.
    """

    name: str
    label: str
    policy: str
    description: str
    success_message: str
    run: Callable[[Any, Principal, Versions], Result]
    is_available: Callable[[Any], bool] = lambda instance: True
    revokes: RevocationScope | None = None
    is_for_own_account: bool = True
    obstacle: Callable[[Any], str] = lambda instance: ""
    is_deletion: bool = False

    @property
    def title(self) -> str:
        return self.label.removesuffix("…")


def _change_status(status: Status) -> Callable[[Any, Principal, Versions], Result]:
    def run(instance: Any, actor: Principal, versions: Versions) -> Result:
        change = accounts.change_user if isinstance(instance, User) else tenancy.change
        return Result(change(instance, actor=actor, versions=versions, status=status))

    return run


def _reset_password(user: User, actor: Principal, versions: Versions) -> Result:
    return Result(accounts.issue_password_reset(user, actor=actor).sessions_ended)


def _disable_mfa(user: User, actor: Principal, versions: Versions) -> Result:
    return Result(accounts.remove_totp(user, actor=actor))


def _delete(instance: Any, actor: Principal, versions: Versions) -> Result:
    delete = accounts.delete_user if isinstance(instance, User) else tenancy.delete
    return Result(delete(instance, actor=actor, versions=versions))


def _rotate_secret(instance: Any, actor: Principal, versions: Versions) -> Result:
    return Result(secret=accounts.rotate_secret(instance, actor=actor, versions=versions))


def _has_tenants(instance: Any) -> str:
    names = Tenant.objects.undeleted_names(instance) if isinstance(instance, Partner) else []
    response = error_response(PartnerHasTenants(names), Partner) if names else None
    return str(response.detail) if response else ""


def _suspend_and_reactivate(description: str, revokes: RevocationScope | None) -> list[Action]:
    note = " Revoked sessions stay revoked after reactivation." if revokes else ""
    return [
        Action(
            "suspend",
            "Suspend…",
            "update",
            f"{description}{note}",
            "Suspended.",
            _change_status(Status.SUSPENDED),
            lambda instance: instance.status == Status.ACTIVE,
            revokes,
        ),
        Action(
            "reactivate",
            "Reactivate…",
            "update",
            "It can be used again."
            + (" Revoked sessions stay revoked: users have to sign in again." if revokes else ""),
            "Reactivated.",
            _change_status(Status.ACTIVE),
            lambda instance: instance.status == Status.SUSPENDED,
        ),
    ]


def _deletion(description: str, revokes: RevocationScope | None) -> Action:
    return Action(
        "remove",
        "Delete…",
        "destroy",
        f"{description} This cannot be undone.",
        "Deleted.",
        _delete,
        revokes=revokes,
        obstacle=_has_tenants,
        is_deletion=True,
    )


_ROTATE_SECRET = Action(
    "rotate-secret",
    "Rotate client secret…",
    "rotate_secret",
    "Creates a new client secret, which is shown once. The old one, and every token issued with it, stop working"
    " immediately.",
    "",
    _rotate_secret,
    lambda instance: not isinstance(instance, Application) or instance.is_confidential,
)
_CREDENTIALS = [
    Action(
        "reset-password",
        "Reset password…",
        "reset_password",
        "Sends the user an e-mail with a code for choosing a new password. The old password stops working immediately, "
        "and all of their sessions are revoked.",
        "An e-mail with a reset code has been sent.",
        _reset_password,
        revokes=RevocationScope.USER,
        is_for_own_account=False,
    ),
    Action(
        "remove-second-factor",
        "Disable MFA…",
        "disable_mfa",
        "The user can sign in with the password alone until they set up MFA again. All of their sessions are revoked.",
        "MFA disabled.",
        _disable_mfa,
        lambda user: user.has_totp,
        RevocationScope.USER,
        is_for_own_account=False,
    ),
]
ACTIONS: dict[type, list[Action]] = {
    Partner: [
        *_suspend_and_reactivate(
            "Users of all its tenants are signed out and cannot sign in.", RevocationScope.PARTNER
        ),
        _deletion("Its administrators are signed out and deleted with it.", RevocationScope.PARTNER),
    ],
    Tenant: [
        *_suspend_and_reactivate("All of its users are signed out and cannot sign in.", RevocationScope.TENANT),
        _deletion("Its users are signed out, and everything in it is deleted with it.", RevocationScope.TENANT),
    ],
    User: [
        *_suspend_and_reactivate("The user is signed out everywhere and cannot sign in.", RevocationScope.USER),
        *_CREDENTIALS,
        _deletion("The user is signed out everywhere and removed from all groups.", RevocationScope.USER),
    ],
    Group: [_deletion("Its members stay users but lose the access that the group gave them.", None)],
    Application: [
        *_suspend_and_reactivate(
            "Sessions that were started for it are revoked, and it cannot get tokens.", RevocationScope.APPLICATION
        ),
        _ROTATE_SECRET,
        _deletion(
            "Sessions that were started for it are revoked, and it cannot get tokens.", RevocationScope.APPLICATION
        ),
    ],
    IdentityProvider: [
        *_suspend_and_reactivate("It can no longer be used.", None),
        _deletion("It can no longer be used.", None),
    ],
    Agent: [
        *_suspend_and_reactivate("Its tokens are refused, and it cannot get new ones.", None),
        _ROTATE_SECRET,
        _deletion("Its tokens are refused, and it cannot get new ones.", None),
    ],
}


def actions_for(instance: Any, principal: Principal) -> list[Action]:
    """The actions that the principal may take on an instance, whether they make sense now or not."""
    model = type(instance)
    actions = [each for each in ACTIONS.get(model, []) if is_allowed(model, each.policy, principal)]
    if isinstance(instance, User) and instance.pk == principal.user_id:
        actions = [each for each in actions if each.is_for_own_account]
    return actions if actions and is_writable(instance, principal) else []


def available_actions(instance: Any, principal: Principal) -> list[Action]:
    """Those of them that make sense now."""
    return [each for each in actions_for(instance, principal) if each.is_available(instance)]
