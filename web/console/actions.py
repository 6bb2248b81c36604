"""What can be done to a thing at the console, beside ending its sessions: each act is one operation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts import operations as accounts
from accounts.models import Agent, Application, Group, IdentityProvider, User
from core.access import Principal
from core.models import Status
from sessions_app.models import Reach
from tenancy.api.v1.wire import partner_has_tenants
from tenancy.models import Partner, Tenant
from tenancy.operations import PartnerHasTenants, Versions, change
from web.console.api_bridge import ask, ended_by, is_theirs

Refusals = dict[type[Exception], Any]  # words, or what finds them
Carry = Callable[[Any, Principal, Versions], int | str]


@dataclass(frozen=True, slots=True)
class Action:
    """`told` is what it does, before it is done; `done` what was done. `carry_out` says how many sessions it ended, or
    the secret that is shown this once. `obstacle` is what stands in the way, if anything does."""

    name: str
    label: str
    told: str
    done: str
    carry_out: Carry
    is_open: Callable[[Any], bool]
    ends: Reach | None = None
    is_for_oneself: bool = True
    refusals: Refusals | None = None
    obstacle: Callable[[Any], str] = lambda thing: ""
    is_the_last: bool = False  # there is nothing left to look at


def _change_of(thing: Any) -> Callable[..., int]:
    return accounts.change_user if isinstance(thing, User) else change


def _suspend(thing: Any, actor: Principal, versions: Versions) -> int:
    return _change_of(thing)(thing, actor=actor, versions=versions, status=Status.SUSPENDED)


def _reactivate(thing: Any, actor: Principal, versions: Versions) -> int:
    return _change_of(thing)(thing, actor=actor, versions=versions, status=Status.ACTIVE)


def _reset_password(thing: User, actor: Principal, versions: Versions) -> int:
    answer = ask(User, "reset_password", actor, thing.handle, data={"delivery": "mail"})
    return int(answer.data["data"]["sessions_ended"])


def _remove_second_factor(thing: User, actor: Principal, versions: Versions) -> int:
    return accounts.remove_totp(thing, actor=actor)


def _delete(thing: Any, actor: Principal, versions: Versions) -> int:
    return ended_by(ask(type(thing), "destroy", actor, thing.handle, version="".join(versions or ())))


def _rotate(thing: Any, actor: Principal, versions: Versions) -> str:
    answer = ask(type(thing), "rotate_secret", actor, thing.handle, version="".join(versions or ()))
    return str(answer.data["data"]["client_secret"])


def _inhabited(thing: Any) -> str:
    names = Tenant.objects.undeleted_names(thing) if isinstance(thing, Partner) else []
    return partner_has_tenants(PartnerHasTenants(names)) if names else ""


LAST: Refusals = {accounts.LastOperator: "This is the last active super admin. At least one is required."}


def _life(under: str, ends: Reach | None) -> list[Action]:
    """Every entity can be stopped, and started again."""
    return [
        Action(
            "suspend",
            "Suspend…",
            f"{under} Revoked sessions stay revoked after reactivation.",
            "Suspended.",
            _suspend,
            lambda thing: thing.status == Status.ACTIVE,
            ends,
            refusals=LAST,
        ),
        Action(
            "reactivate",
            "Reactivate…",
            "It can be used again. Revoked sessions stay revoked: users have to sign in again.",
            "Reactivated.",
            _reactivate,
            lambda thing: thing.status == Status.SUSPENDED,
        ),
    ]


def _end(what: str, ends: Reach | None) -> Action:
    return Action(
        "remove",
        "Delete…",
        f"{what} This cannot be undone.",
        "Deleted.",
        _delete,
        lambda thing: True,
        ends,
        refusals={**LAST, PartnerHasTenants: partner_has_tenants},
        obstacle=_inhabited,
        is_the_last=True,
    )


_ROTATE = Action(
    "rotate-secret",
    "Rotate client secret…",
    "Creates a new client secret, which is shown once. The old one, and every token issued with it, stop working"
    " immediately.",
    "",
    _rotate,
    lambda thing: not isinstance(thing, Application) or thing.is_confidential,
)
_OF_USERS = [
    Action(
        "reset-password",
        "Reset password…",
        "Sends the user an e-mail with a code for choosing a new password. The old password stops working immediately, "
        "and all of their sessions are revoked.",
        "An e-mail with a reset code has been sent.",
        _reset_password,
        lambda thing: True,
        Reach.USER,
        is_for_oneself=False,
        refusals={accounts.AccountInactive: "The user, or their tenant or partner, is suspended. Reactivate it first."},
    ),
    Action(
        "remove-second-factor",
        "Disable MFA…",
        "The user can sign in with the password alone until they set up MFA again. All of their sessions are revoked.",
        "MFA disabled.",
        _remove_second_factor,
        lambda thing: thing.has_totp,
        Reach.USER,
        is_for_oneself=False,
        refusals={accounts.TotpUnavailable: "This user does not have MFA."},
    ),
]
ACTS: dict[type, list[Action]] = {
    Partner: [
        *_life("Users of all its tenants are signed out and cannot sign in.", Reach.PARTNER),
        _end("Its administrators are signed out and deleted with it.", Reach.PARTNER),
    ],
    Tenant: [
        *_life("All of its users are signed out and cannot sign in.", Reach.TENANT),
        _end("Its users are signed out, and everything in it is deleted with it.", Reach.TENANT),
    ],
    User: [
        *_life("The user is signed out everywhere and cannot sign in.", Reach.USER),
        *_OF_USERS,
        _end("The user is signed out everywhere and removed from all groups.", Reach.USER),
    ],
    Group: [_end("Its members lose what they had through it. Users are not deleted.", None)],
    Application: [
        *_life("Sessions that were started for it are revoked, and it cannot get tokens.", Reach.APPLICATION),
        _ROTATE,
        _end("Sessions that were started for it are revoked, and it cannot get tokens.", Reach.APPLICATION),
    ],
    IdentityProvider: [
        *_life("Users can no longer sign in through it.", None),
        _end("Users can no longer sign in through it.", None),
    ],
    Agent: [
        *_life("Its tokens are refused, and it cannot get new ones.", None),
        _ROTATE,
        _end("Its tokens are refused, and it cannot get new ones.", None),
    ],
}


def acts_for(thing: Any, principal: Principal) -> list[Action]:
    """Those of whoever may change it, whether they make sense now or not."""
    acts = ACTS.get(type(thing), [])
    if isinstance(thing, User) and thing.pk == principal.user_id:
        acts = [act for act in acts if act.is_for_oneself]
    return acts if acts and is_theirs(thing, principal) else []


def acts_on(thing: Any, principal: Principal) -> list[Action]:
    """Those that make sense now, for whoever may change it."""
    return [act for act in acts_for(thing, principal) if act.is_open(thing)]
