"""A valid request for each endpoint, so that only the caller can be the reason of a refusal."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django_otp.oath import totp

from accounts import operations as accounts
from accounts.models import TotpDevice, User
from accounts.operations.second_factor import PURPOSE
from audit.actions import Action
from audit.models import AuditEntry
from audit.operations import record
from core.access import Scope
from core.crypto import unseal
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import Session
from tests.access.callers import Case
from tests.access.matrix import Row
from tests.factories import GroupFactory
from tests.resources import group_of, kind_at
from tests.world import PASSWORD, SYSTEM, Caller, World, some_id


@dataclass(frozen=True)
class ValidRequest:
    """A body, a query, and what goes into the path's braces; `unknown` are the same kinds of things, and nobody's."""

    data: bytes = b""
    content_type: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    def with_unknown_ids(self) -> "ValidRequest":
        return replace(self, names=self.unknown)


def send(row: Row, caller: Caller, valid_request: ValidRequest, *, slash: str = "") -> Any:
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    path = row.path.format(**valid_request.names) + slash + valid_request.query
    return caller.http.generic(
        row.method, path, valid_request.data, content_type=valid_request.content_type, headers=headers
    )


def valid_request_for(row: Row, case: Case, world: World) -> ValidRequest:
    prepare = _VALID_REQUESTS.get(str(row)) or body_for_kind(row)
    valid_request = prepare(world, case) if prepare else ValidRequest()
    if row.is_administrative:
        names = {name: _NAMES[name](row, case.owner, world) for name in row.names}
        unknown = {name: some_id(Prefix(names[name].partition("_")[0])) for name in names}
        valid_request = replace(valid_request, names=names, unknown=unknown)
    if row.lists and case.is_about_others:
        valid_request = replace(valid_request, query=f"?{urlencode(owner_filter(case))}")
    return valid_request


def body_for_kind(row: Row) -> Callable[[World, Case], ValidRequest] | None:
    """The bodies of what makes and changes things of every kind."""
    kind = kind_at(row.path)
    if kind and row.method == "POST" and row.path == kind.path:
        return lambda world, case: as_json(**kind.new(case.owner, world))
    if kind and row.method == "PATCH":
        name = next(iter(kind.changes))
        return lambda world, case: as_json(**{name: kind.changes[name]})
    return None


def object_id(row: Row, owner: User, world: World) -> str:
    kind = kind_at(row.path)
    if kind:
        return kind.of(owner, world).handle
    if "audit" in row.path:
        return audit_entry_id(owner)
    return revocation_id(owner, world) if "revocations" in row.path else session_id_of(owner, world)


def audit_entry_id(user: User) -> str:
    """Of something that was done in their tenant."""
    latest = AuditEntry.objects.filter(tenant_id=user.tenant_id).last()
    return latest.handle if latest else record(Action.SIGNED_OUT, actor=SYSTEM, tenant_id=user.tenant_id).handle


def new_member(world: World, case: Case) -> ValidRequest:
    return as_json(user_id=world.person("newcomer", case.owner.tenant).handle)


def group_to_nest(world: World, case: Case) -> ValidRequest:
    return as_json(child_group_id=GroupFactory(tenant=case.owner.tenant).handle)


def long_page(world: World, case: Case) -> ValidRequest:
    return ValidRequest(query="?per_page=100")


def nested_group_id(row: Row, user: User, world: World) -> str:
    return group_of(user, world).children.get().child.handle


def owner_filter(case: Case) -> dict[str, str]:
    tenant = case.owner.tenant
    assert tenant.partner is not None
    return {"partner_id": tenant.partner.handle} if "partner" in case.name else {"tenant_id": tenant.handle}


def revocation_id(user: User, world: World) -> str:
    """Of one more session of theirs, which they hardly had."""
    brief = Session.objects.filter(pk=world.signed_in(user).session.pk)
    return operations.revoke(brief, actor=SYSTEM, reason="test").revocation.handle


def as_json(**body: Any) -> ValidRequest:
    return ValidRequest(json.dumps(body).encode(), "application/json")


def session_id_of(user: User, world: World) -> str:
    latest = Session.objects.filter(user=user).last()
    return latest.handle if latest else world.signed_in(user).session_id


def whole_scope(world: World, case: Case) -> ValidRequest:
    return as_json(**owner_filter(case)) if case.is_about_others else as_json(user_id=case.owner.handle)


def every_session(world: World, case: Case) -> ValidRequest:
    return as_json(revoke_all=True)


def credentials(world: World, case: Case) -> ValidRequest:
    return as_json(email=world.person("alan", world.north).email, password=PASSWORD, tenant=world.north.slug)


def credentials_in_north(world: World, case: Case) -> ValidRequest:
    body = as_json(email=world.person("alan", world.north).email, password=PASSWORD)
    return replace(body, names={"slug": str(world.north.slug)})


def refresh_token(world: World, case: Case) -> ValidRequest:
    return as_json(refresh_token=world.signed_in(world.person("alan", world.north)).refresh_token)


def reset_code(world: World, case: Case) -> ValidRequest:
    issued = accounts.issue_password_reset(world.person("alan", world.north), actor=SYSTEM, by_mail=False)
    return as_json(code=issued.code, new_password=f"a new {PASSWORD}")


def reset_form(world: World, case: Case) -> ValidRequest:
    issued = accounts.issue_password_reset(world.person("alan", world.north), actor=SYSTEM, by_mail=False)
    form = {"code": issued.code, "new_password": f"a new {PASSWORD}"}
    return ValidRequest(urlencode(form).encode(), "application/x-www-form-urlencoded")


def any_delivery(world: World, case: Case) -> ValidRequest:
    return as_json(delivery="mail")


def second_factor_on(world: World, case: Case) -> ValidRequest:
    if not TotpDevice.objects.filter(user=case.owner).exists():
        accounts.enrol_totp(case.owner, actor=SYSTEM)
        accounts.confirm_totp(case.owner, current_code(case.owner), actor=SYSTEM)
    return ValidRequest()


def passwords(world: World, case: Case) -> ValidRequest:
    return as_json(current_password=PASSWORD, new_password=f"a new {PASSWORD}")


def right_code(world: World, case: Case) -> ValidRequest:
    accounts.enrol_totp(case.owner, actor=SYSTEM)
    return as_json(code=current_code(case.owner))


def password_with_second_factor_on(world: World, case: Case) -> ValidRequest:
    second_factor_on(world, case)
    return as_json(password=PASSWORD)


def current_code(user: User) -> str:
    return f"{totp(unseal(bytes(TotpDevice.objects.get(user=user).sealed_secret), purpose=PURPOSE)):06d}"


def new_key(world: World, case: Case) -> ValidRequest:
    return as_json(name="laptop")


def key_of_owner(world: World, case: Case) -> ValidRequest:
    key = accounts.create_api_key(case.owner, "laptop", actor=SYSTEM).key
    return ValidRequest(names={"id": key.handle}, unknown={"id": some_id(Prefix.API_KEY)})


def session_of_owner(world: World, case: Case) -> ValidRequest:
    session = Session.objects.filter(user=case.owner).latest("pk")
    return ValidRequest(names={"session_id": session.handle}, unknown={"session_id": some_id(Prefix.SESSION)})


def client_credentials(world: World, case: Case) -> ValidRequest:
    name = f"matrix-service{world.suffix}"
    world.make_service(name, [Scope.ADMIN_READ])
    form = {"grant_type": "client_credentials", "client_id": name, "client_secret": f"{name}-secret"}
    return ValidRequest(urlencode(form).encode(), "application/x-www-form-urlencoded")


_VALID_REQUESTS: dict[str, Callable[[World, Case], ValidRequest]] = {
    "POST /api/v1/auth/login": credentials,
    "POST /api/v1/auth/tenants/{slug}/login": credentials_in_north,
    "POST /api/v1/auth/refresh": refresh_token,
    "POST /api/v1/auth/reset-password": reset_code,
    "POST /reset-password": reset_form,
    "POST /api/v1/admin/users/{id}/reset-password": any_delivery,
    "POST /api/v1/admin/users/{id}/mfa/disable": second_factor_on,
    "POST /api/v1/me/password": passwords,
    "POST /api/v1/me/mfa/totp/confirm": right_code,
    "DELETE /api/v1/me/mfa/totp": password_with_second_factor_on,
    "POST /api/v1/me/api-keys": new_key,
    "DELETE /api/v1/me/api-keys/{id}": key_of_owner,
    "DELETE /api/v1/me/sessions/{session_id}": session_of_owner,
    "POST /api/v1/admin/sessions/revoke-all": whole_scope,
    "POST /api/v1/tenants/{tid}/sessions/users/{uid}/revoke": every_session,
    "POST /api/v1/platform/oauth/token": client_credentials,
    "POST /api/v1/admin/groups/{id}/members": new_member,
    "POST /api/v1/admin/groups/{id}/nested": group_to_nest,
    "GET /api/v1/admin/audit": long_page,
    "GET /api/v1/admin/dashboard/activity": long_page,
}

# What stands in the braces of an administrator's path: something of the owner's.
_NAMES: dict[str, Callable[[Row, User, World], str]] = {
    "id": object_id,
    "sid": lambda row, user, world: session_id_of(user, world),
    "tid": lambda row, user, world: user.tenant.handle,
    "uid": lambda row, user, world: user.handle,
    "user_id": lambda row, user, world: user.handle,
    "child_group_id": nested_group_id,
}
