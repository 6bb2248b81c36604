"""POST /admin/sessions/revoke-all: revokes every session of the scope in its body, and no other."""

import itertools
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import Application, Role
from audit.models import AuditEntry
from core.access import Scope
from core.ids import Prefix
from sessions_app import operations
from sessions_app.api.v1.views import sessions as views
from sessions_app.models import Revocation, Session
from tenancy import operations as tenancy
from tests.access.database_digest import database_digest
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, data_of, flaws, refused
from tests.contract.v1.sessions import REVOKE_ALL, is_alive
from tests.factories import ApplicationFactory
from tests.world import SYSTEM, Caller, World, some_id

NAMES = ("user_id", "tenant_id", "partner_id", "application_id", "all")
PREFIXES = dict(zip(NAMES, (Prefix.USER, Prefix.TENANT, Prefix.PARTNER, Prefix.APPLICATION), strict=False))


def wiki_of_north(world: World) -> Application:
    return ApplicationFactory(tenant=world.north)


def opened_for(app: Application, caller: Caller) -> None:
    Session.objects.filter(pk=caller.session.pk).update(application=app)


def alive(*callers: Caller) -> list[bool]:
    return [is_alive(each) for each in callers]


class TestRevocationScope:
    def test_user_scope_revokes_every_session_and_pending_sign_in(self, world: World):
        phone, proof = world.signed_in(world.ada.user), world.proof(world.ada.user)
        told = data_of(world.north_admin.post(REVOKE_ALL, {"user_id": world.ada.user.handle}))
        assert (told["revoked_count"], told["session_ids"]) == (2, [phone.session_id, world.ada.session_id])
        assert alive(world.ada, phone, world.alan) == [False, False, True]
        with pytest.raises(operations.RevokedDuringSignIn):
            operations.open(proof, actor=SYSTEM)
        assert is_alive(world.signed_in(world.ada.user))

    def test_user_may_be_given_together_with_their_tenant(self, world: World):
        body = {"user_id": world.ada.user.handle, "tenant_id": world.north.handle}
        assert data_of(world.super_admin.post(REVOKE_ALL, body))["session_ids"] == [world.ada.session_id]
        assert is_alive(world.north_admin)

    def test_tenant_scope_revokes_the_calling_admins_session_too(self, world: World):
        assert alive(world.ada, world.alan, world.katherine) == [True] * 3
        told = data_of(world.north_admin.post(f"{REVOKE_ALL}/", {"tenant_id": world.north.handle}))
        sessions = [world.north_admin.session_id, world.alan.session_id, world.ada.session_id]
        assert (told["revoked_count"], told["session_ids"]) == (3, sessions)
        assert alive(world.ada, world.alan, world.north_admin, world.katherine) == [False, False, False, True]

    def test_partner_scope_revokes_tenants_and_partner_staff(self, world: World):
        assert alive(world.ada, world.katherine, world.lisa) == [True] * 3
        told = data_of(world.acme_partner.post(REVOKE_ALL, {"partner_id": world.acme.handle}))
        assert told["revoked_count"] == 3
        assert alive(world.ada, world.katherine, world.acme_partner, world.lisa) == [False, False, False, True]

    def test_application_scope_revokes_sessions_opened_for_it(self, world: World):
        wiki = wiki_of_north(world)
        opened_for(wiki, world.ada)
        told = data_of(world.north_admin.post(REVOKE_ALL, {"application_id": wiki.handle}))
        assert told["session_ids"] == [world.ada.session_id]
        assert alive(world.ada, world.alan) == [False, True]

    def test_platform_scope_revokes_every_session(self, world: World):
        assert alive(world.ada, world.lisa) == [True, True]
        told = data_of(world.super_admin.post(REVOKE_ALL, {"all": True}))
        assert told["session_ids"] == [world.super_admin.session_id, world.lisa.session_id, world.ada.session_id]
        assert alive(world.ada, world.lisa, world.super_admin) == [False] * 3

    def test_service_token_may_revoke_the_whole_platform(self, world: World):
        assert is_alive(world.ada)
        assert data_of(world.service(Scope.ADMIN_WRITE).post(REVOKE_ALL, {"all": True}))["revoked_count"] == 1
        assert not is_alive(world.ada)

    def test_second_revocation_counts_zero(self, world: World):
        assert is_alive(world.ada)
        body = {"user_id": world.ada.user.handle}
        assert [data_of(world.north_admin.post(REVOKE_ALL, body))["revoked_count"] for _ in range(2)] == [1, 0]

    def test_response_contains_the_revocation(self, world: World):
        assert is_alive(world.ada)
        body = {"tenant_id": world.north.handle, "reason": "laptops stolen"}
        told = data_of(world.super_admin.post(REVOKE_ALL, body))
        revocation = Revocation.objects.get(tenant_id=world.north.pk)
        assert told["revocation_id"] == revocation.handle
        assert (revocation.reach, revocation.reason, revocation.revoked_count) == ("tenant", "laptops stolen", 1)
        [entry] = AuditEntry.objects.filter(resource_id=revocation.handle)
        assert (entry.actor_id, entry.tenant_id) == (world.super_admin.user.handle, world.north.pk)
        assert entry.changes == {"reason": "laptops stolen", "reach": "tenant", "revoked_count": 1}

    def test_reason_is_optional(self, world: World):
        data_of(world.super_admin.post(REVOKE_ALL, {"tenant_id": world.north.handle, "reason": None}))
        assert Revocation.objects.get(tenant_id=world.north.pk).reason == "revoked by an administrator"


class TestInvalidRevokeAllBody:
    """A body without a scope never means the whole platform."""

    def test_missing_scope_is_refused_and_revokes_nothing(self, world: World):
        nothing: list[dict[str, Any]] = [{}, dict.fromkeys(NAMES[:4]), {"all": False}, {"reason": "no target"}]
        for body in [*nothing, {"all": False, "user_id": None}]:
            self.is_refused(world, body)

    def test_two_scopes_are_refused(self, world: World):
        everything = {
            "user_id": world.ada.user.handle,
            "tenant_id": world.north.handle,
            "partner_id": world.acme.handle,
            "application_id": wiki_of_north(world).handle,
            "all": True,
        }
        for pair in itertools.combinations(NAMES, 2):
            if pair != ("user_id", "tenant_id"):
                self.is_refused(world, {name: everything[name] for name in pair})
        self.is_refused(world, everything)

    def test_user_with_another_tenant_is_refused(self, world: World):
        for tenant_id in (world.south.handle, world.springfield.handle, some_id(Prefix.TENANT), "x"):
            body = {"user_id": world.ada.user.handle, "tenant_id": tenant_id}
            assert flaws(world.super_admin.post(REVOKE_ALL, body))[0][0] == ["body", "tenant_id"]
        assert is_alive(world.ada)

    def test_malformed_id_is_refused(self, world: World):
        for name, value in itertools.product(NAMES, [1, [], {}, "", " ", "x" * 65, "a\0b", ["usr_1"]]):
            assert flaws(world.super_admin.post(REVOKE_ALL, {name: value}))[0][0] == ["body", name], value
        assert flaws(world.super_admin.post(REVOKE_ALL, {"all": "true"}))[0][0] == ["body", "all"]

    def is_refused(self, world: World, body: dict[str, Any]) -> None:
        assert alive(world.ada, world.super_admin) == [True, True]
        before = database_digest()
        [(where, message, _)] = flaws(world.super_admin.post(REVOKE_ALL, body))
        assert (where, message) == (["body"], f"Name exactly one of {', '.join(NAMES)}")
        assert database_digest() == before


class TestRevokeAllDenied:
    """The error is the same whether or not the target exists."""

    def denied(self, caller: Caller, name: str, handle: Any) -> None:
        assert [
            refused(caller.post(REVOKE_ALL, {name: each}), 403)
            for each in (handle, some_id(PREFIXES[name]), "x", some_id(Prefix.AUDIT_ENTRY))
        ] == [ACCESS_DENIED] * 4

    @cells("who", ["springfield_admin", "globex_partner"])
    def test_scope_of_another_tenant_or_partner_is_403(self, who: str, world: World):
        caller, wiki = getattr(world, who), wiki_of_north(world)
        assert alive(world.ada, caller) == [True, True]
        for name, thing in zip(NAMES, (world.ada.user, world.north, world.acme, wiki), strict=False):
            self.denied(caller, name, thing.handle)
        assert is_alive(world.ada)

    def test_user_of_an_equal_role_is_403(self, world: World):
        for caller in (world.north_admin, world.acme_partner):
            equal = world.signed_in(world.person("deputy", caller.user.tenant, Role(caller.user.role)))
            self.denied(caller, "user_id", equal.user.handle)
            assert is_alive(equal)

    def test_user_or_scope_above_the_caller_is_403(self, world: World):
        self.denied(world.north_admin, "user_id", world.acme_partner.user.handle)
        self.denied(world.north_admin, "partner_id", world.acme.handle)
        self.denied(world.acme_partner, "user_id", world.super_admin.user.handle)
        assert alive(world.acme_partner, world.super_admin) == [True, True]

    def test_shared_application_of_a_higher_scope_is_403(self, world: World):
        for_all = ApplicationFactory()
        acmes = ApplicationFactory(partner=world.acme)
        self.denied(world.north_admin, "application_id", for_all.handle)
        self.denied(world.north_admin, "application_id", acmes.handle)
        self.denied(world.acme_partner, "application_id", for_all.handle)
        data_of(world.acme_partner.post(REVOKE_ALL, {"application_id": acmes.handle}))

    def test_deleted_target_is_403_even_for_a_super_admin(self, world: World):
        ada, wiki = world.ada.user, wiki_of_north(world)
        for thing in (world.north, world.south, world.acme):
            tenancy.delete(thing, actor=SYSTEM)
        Application.objects.filter(pk=wiki.pk).update(deleted_at=Now())
        for name, thing in zip(NAMES, (ada, world.north, world.acme, wiki), strict=False):
            self.denied(world.super_admin, name, thing.handle)

    def test_platform_scope_is_403_below_super_admin(self, world: World):
        assert is_alive(world.lisa)
        for caller in (world.north_admin, world.acme_partner):
            assert refused(caller.post(REVOKE_ALL, {"all": True}), 403) == ACCESS_DENIED
        assert is_alive(world.lisa)

    def test_admin_may_revoke_all_their_own_sessions(self, world: World):
        phone = world.signed_in(world.north_admin.user)
        assert (
            data_of(world.north_admin.post(REVOKE_ALL, {"user_id": world.north_admin.user.handle}))["revoked_count"]
            == 2
        )
        assert alive(phone, world.north_admin) == [False, False]


class TestPreferMinimal:
    MINIMAL = {"headers": {"Prefer": "return=minimal"}}

    def test_minimal_response_has_the_count_and_no_ids(self, world: World):
        assert alive(world.ada, world.alan) == [True, True]
        answer = world.super_admin.post(REVOKE_ALL, {"tenant_id": world.north.handle}, **self.MINIMAL)
        assert answer["Preference-Applied"] == "return=minimal"
        told = data_of(answer)
        assert (told["revoked_count"], told["session_ids"], told["session_ids_truncated"]) == (2, [], True)
        assert alive(world.ada, world.alan) == [False, False]

    @cells("header", ["respond-async, return=minimal", "RETURN=minimal; x=1", "return = minimal"])
    def test_every_spelling_of_return_minimal_is_accepted(self, header: str, world: World):
        body = {"tenant_id": world.north.handle}
        answer = world.super_admin.post(REVOKE_ALL, body, headers={"Prefer": header})
        assert answer["Preference-Applied"] == "return=minimal"

    @cells("header", ["", "return=representation", "return=minimalist", "minimal"])
    def test_any_other_preference_gets_the_full_response(self, header: str, world: World):
        assert is_alive(world.ada)
        body = {"tenant_id": world.north.handle}
        answer = world.super_admin.post(REVOKE_ALL, body, headers={"Prefer": header})
        assert "Preference-Applied" not in answer
        assert data_of(answer)["session_ids"] == [world.ada.session_id]


def test_long_list_of_ids_is_truncated_and_marked(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(views, "MAX_IDS", 2)
    newest = [world.signed_in(world.ada.user) for _ in range(4)][:-3:-1]
    told = data_of(world.super_admin.post(REVOKE_ALL, {"tenant_id": world.north.handle}))
    assert (told["revoked_count"], told["session_ids_truncated"]) == (5, True)
    assert told["session_ids"] == [each.session_id for each in newest]
