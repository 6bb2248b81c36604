"""Every event that revokes sessions: at once, for good, with a reason and an audit entry."""

from datetime import timedelta
from functools import partial

import pytest
from django.db.models.functions import Now

from accounts import operations as accounts
from accounts.models import Role
from audit.models import AuditEntry
from core.access import Origin
from core.models import Status
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session, SessionState
from sessions_app.operations import counter_maintenance
from sessions_app.reads import live_counts
from tenancy import operations as tenancy
from tenancy.models import Partner, Platform, Tenant
from tests.cells import cells
from tests.world import PASSWORD, SYSTEM, Caller, World

ME = "/api/v1/me"


def is_alive(caller: Caller) -> bool:
    return caller.get(ME).status_code == 200


def how_it_ended(caller: Caller) -> tuple[str, str]:
    """Once it is written down."""
    operations.sweep()
    operations.expire(actor=SYSTEM)
    session = Session.objects.get(pk=caller.session.pk)
    assert session.revoked_at
    return session.revoke_reason, session.revoked_by


WAYS = {
    "user suspended": lambda world: accounts.change_user(world.ada.user, status=Status.SUSPENDED, actor=SYSTEM),
    "user deleted": lambda world: accounts.delete_user(world.ada.user, actor=SYSTEM),
    "tenant suspended": lambda world: tenancy.suspend(world.north, actor=SYSTEM),
    "tenant deleted": lambda world: tenancy.delete(world.north, actor=SYSTEM),
    "tenant moved": lambda world: tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM),
    "partner suspended": lambda world: tenancy.suspend(world.acme, actor=SYSTEM),
    "role changed": lambda world: accounts.change_user(world.ada.user, role=Role.TENANT_ADMIN, actor=SYSTEM),
    "password changed": lambda world: accounts.change_password(
        world.ada.user, current=PASSWORD, new=f"a new {PASSWORD}", actor=SYSTEM
    ),
}


@cells("way", WAYS)
class TestSessionAfterRevokingEvent:
    def test_is_refused_and_other_sessions_stay_live(self, way: str, world: World):
        others = [world.lisa]
        assert is_alive(world.ada)
        assert WAYS[way](world) == 1
        assert not is_alive(world.ada)
        assert all(is_alive(other) for other in others)

    def test_has_the_reason_and_the_actor(self, way: str, world: World):
        assert is_alive(world.ada)
        WAYS[way](world)
        assert how_it_ended(world.ada) == (way, SYSTEM.id)

    def test_is_subtracted_from_the_counters_at_once(self, way: str, world: World):
        assert is_alive(world.ada)
        before = live_counts.live_count(RevocationScope.PLATFORM, None)
        WAYS[way](world)
        assert live_counts.live_count(RevocationScope.PLATFORM, None) == before - 1
        assert list(counter_maintenance.differences()) == []

    def test_is_recorded_in_one_audit_entry(self, way: str, world: World):
        assert is_alive(world.ada)
        before = AuditEntry.objects.count()
        WAYS[way](world)
        [entry] = AuditEntry.objects.order_by("-id")[: AuditEntry.objects.count() - before]
        assert entry.action == way.replace(" ", ".", 1).replace("role.changed", "user.role_changed").replace(
            "password.changed", "user.password_changed"
        )
        assert entry.changes["sessions_ended"] == 1


class TestReactivation:
    @cells(
        "what",
        [lambda world: world.ada.user, lambda world: world.north, lambda world: world.acme],
        ids=["user", "tenant", "partner"],
    )
    def test_does_not_revive_sessions_but_allows_sign_in(self, what, world: World):
        assert is_alive(world.ada)
        tenancy.suspend(what(world), actor=SYSTEM)
        proof = accounts.find_account(accounts.Credentials(world.ada.user.email, PASSWORD))
        assert proof is None
        tenancy.reactivate(what(world), actor=SYSTEM)
        assert not is_alive(world.ada)
        assert is_alive(world.signed_in(world.ada.user))

    def test_second_suspension_counts_zero_and_writes_no_entry(self, world: World):
        assert is_alive(world.ada)
        assert tenancy.suspend(world.north, actor=SYSTEM) == 1
        entries = AuditEntry.objects.count()
        assert tenancy.suspend(Tenant.objects.get(pk=world.north.pk), actor=SYSTEM) == 0
        assert AuditEntry.objects.count() == entries


class TestApplicationSuspension:
    def test_revokes_the_sessions_opened_for_it_only(self, world: World):
        mail = world.make_service("mail", [])
        theirs, plain = world.signed_in(world.ada.user), world.ada
        Session.objects.filter(pk=theirs.session.pk).update(application=mail)
        assert tenancy.suspend(mail, actor=SYSTEM) == 1
        assert (is_alive(theirs), is_alive(plain)) == (False, True)
        assert how_it_ended(theirs)[0] == "application suspended"
        assert list(counter_maintenance.differences()) == []


class TestExpiry:
    def test_idle_session_is_refused_and_marked_idle(self, world: World):
        Session.objects.filter(pk=world.ada.session.pk).update(
            last_activity_at=Now() - timedelta(days=8), due_at=Now() - timedelta(days=1)
        )
        assert not is_alive(world.ada)
        assert live_counts.live_count(RevocationScope.TENANT, world.north.pk) == 0
        assert how_it_ended(world.ada) == ("idle", SYSTEM.id)
        assert live_counts.live_count(RevocationScope.TENANT, world.north.pk) == 0

    def test_session_past_its_lifetime_is_marked_expired(self, world: World):
        long_ago = Now() - timedelta(days=40)
        Session.objects.filter(pk=world.ada.session.pk).update(
            created_at=long_ago, expires_at=Now() - timedelta(minutes=1), due_at=Now() - timedelta(minutes=1)
        )
        assert how_it_ended(world.ada) == ("expired", SYSTEM.id)
        [entry] = AuditEntry.objects.filter(action="session.expired", tenant_id=world.north.pk)
        assert (entry.partner_id, entry.changes) == (world.acme.pk, {"expired_count": 1})

    def test_later_revocation_does_not_change_an_idle_session(self, world: World):
        Session.objects.filter(pk=world.ada.session.pk).update(last_activity_at=Now() - timedelta(days=8))
        assert (
            operations.revoke(Session.objects.filter(pk=world.ada.session.pk), actor=SYSTEM, reason="late").count == 0
        )
        assert how_it_ended(world.ada)[0] == "idle"

    def test_later_tenant_revocation_does_not_count_idle_sessions(self, world: World):
        idle, alan = world.ada, world.alan
        Session.objects.filter(pk=idle.session.pk).update(
            last_activity_at=Now() - timedelta(days=8), due_at=Now() - timedelta(days=1)
        )
        ended = operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="everybody out")
        assert ended.session_ids == [alan.session.pk]
        states = dict(SessionState.objects.filter(tenant=world.north).values_list("pk", "state"))
        assert states == {idle.session.pk: "expired", alan.session.pk: "revoked"}
        assert (how_it_ended(idle)[0], how_it_ended(alan)[0]) == ("idle", "everybody out")

    def test_active_session_that_is_due_is_rescheduled(self, world: World):
        Session.objects.filter(pk=world.ada.session.pk).update(due_at=Now() - timedelta(days=1))
        assert operations.expire(actor=SYSTEM) == 0
        assert is_alive(world.ada)
        assert not Session.objects.filter(pk=world.ada.session.pk, due_at__lte=Now()).exists()

    def test_revoked_session_is_left_to_the_sweep(self, world: World):
        caller = world.ada
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="everybody out")
        Session.objects.filter(pk=caller.session.pk).update(
            last_activity_at=Now() - timedelta(days=6, hours=23, minutes=59, seconds=59), due_at=Now()
        )
        operations.expire(actor=SYSTEM)
        assert how_it_ended(caller)[0] == "everybody out"


class TestSessionLimit:
    def test_oldest_session_is_revoked_over_the_limit(self, world: World):
        tenancy.set_session_policy(world.north, actor=SYSTEM, max_sessions=2)
        first, second, third = (world.signed_in(world.person("grace", world.north)) for _ in range(3))
        assert [is_alive(each) for each in (first, second, third)] == [False, True, True]
        assert how_it_ended(first)[0] == "session limit reached, replaced by a newer session"

    def test_sign_in_over_the_limit_is_409_with_deny(self, world: World):
        tenancy.set_session_policy(world.north, actor=SYSTEM, max_sessions=1, when_full="deny")
        first = world.ada
        credentials = {"email": first.user.email, "password": PASSWORD, "tenant": world.north.slug}
        answer = world.nobody.post("/api/v1/auth/login", credentials)
        assert answer.status_code == 409
        assert answer.json() == {"detail": "This account has reached its limit of 1 session; end one of them first"}
        assert is_alive(first)
        assert first.post("/api/v1/auth/logout").status_code == 204
        assert world.nobody.post("/api/v1/auth/login", credentials).status_code == 200

    def test_strictest_policy_applies(self, world: World):
        tenancy.set_session_policy(world.acme, actor=SYSTEM, max_sessions=1, when_full="deny")
        tenancy.set_session_policy(world.north, actor=SYSTEM, max_sessions=5, when_full="evict")
        world.signed_in(world.person("grace", world.north))
        with pytest.raises(operations.SessionLimitReached):
            world.signed_in(world.person("grace", world.north))


class TestTightenedPolicy:
    def test_shortens_live_sessions(self, world: World):
        caller, other = world.ada, world.katherine
        tenancy.set_session_policy(world.north, actor=SYSTEM, session_lifetime=3600, idle_timeout=600)
        session = Session.objects.get(pk=caller.session.pk)
        assert session.expires_at - session.created_at <= timedelta(hours=1)
        assert session.idle_limit == timedelta(minutes=10)
        assert session.due_at <= session.last_activity_at + session.idle_limit
        assert Session.objects.get(pk=other.session.pk).idle_limit == timedelta(days=7)

    def test_revokes_sessions_past_the_new_lifetime(self, world: World):
        Session.objects.filter(pk=world.ada.session.pk).update(created_at=Now() - timedelta(days=10))
        assert tenancy.set_session_policy(world.north, actor=SYSTEM, session_lifetime=24 * 3600) == 1
        assert how_it_ended(world.ada)[0] == "session policy tightened"
        assert operations.purge(timedelta(days=5), actor=SYSTEM) == 0

    def test_revokes_the_oldest_sessions_over_the_new_limit(self, world: World):
        callers = [world.signed_in(world.person("grace", world.north)) for _ in range(4)]
        assert tenancy.set_session_policy(Platform.objects.get(), actor=SYSTEM, max_sessions=3) == 1
        assert [is_alive(each) for each in callers] == [False, True, True, True]

    def test_loosened_policy_does_not_extend_sessions(self, world: World):
        caller = world.ada
        before = Session.objects.get(pk=caller.session.pk).expires_at
        tenancy.set_session_policy(world.north, actor=SYSTEM, session_lifetime=90 * 24 * 3600)
        assert Session.objects.get(pk=caller.session.pk).expires_at == before


class TestTenantMove:
    def test_tenant_is_visible_to_the_new_partner_only(self, world: World):
        ada = world.ada
        assert Session.objects.visible_to(principal(world.acme_partner)).filter(pk=ada.session.pk).exists()
        tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM)
        assert not Session.objects.visible_to(principal(world.acme_partner)).filter(pk=ada.session.pk).exists()
        assert Session.objects.visible_to(principal(world.globex_partner)).filter(pk=ada.session.pk).exists()
        assert is_alive(world.signed_in(ada.user))

    def test_earlier_revocations_move_along(self, world: World):
        earlier = operations.revoke_scope(
            RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="earlier"
        ).revocation
        old, new = principal(world.acme_partner), principal(world.globex_partner)
        assert earlier in Revocation.objects.visible_to(old)
        tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM)
        assert {each.reason for each in Revocation.objects.visible_to(new)} == {"earlier", "tenant moved"}
        assert not Revocation.objects.visible_to(old)


class TestLastSuperAdmin:
    @cells("act", [partial(accounts.change_user, status=Status.SUSPENDED), accounts.delete_user])
    def test_cannot_be_suspended_or_deleted(self, act, world: World):
        operator = world.super_admin
        with pytest.raises(accounts.LastOperator):
            act(operator.user, actor=SYSTEM)
        assert is_alive(operator)

    @cells("act", [partial(accounts.change_user, status=Status.SUSPENDED), accounts.delete_user])
    def test_is_last_even_beside_one_without_a_password(self, act, world: World):
        operator = world.super_admin
        accounts.create_user(
            actor=SYSTEM, tenant=operator.user.tenant, email="never@platform.example", role=Role.SUPER_ADMIN
        )
        with pytest.raises(accounts.LastOperator):
            act(operator.user, actor=SYSTEM)
        assert is_alive(operator)

    def test_may_be_suspended_when_there_is_another(self, world: World):
        platform_staff = Tenant.objects.get(kind=Tenant.Kind.PLATFORM_STAFF)
        world.person("another", platform_staff, Role.SUPER_ADMIN)
        accounts.change_user(world.super_admin.user, status=Status.SUSPENDED, actor=SYSTEM)
        assert not is_alive(world.super_admin)


class TestDeletePartner:
    def test_is_refused_while_it_has_tenants(self, world: World):
        with pytest.raises(tenancy.PartnerHasTenants) as refusal:
            tenancy.delete(world.acme, actor=SYSTEM)
        assert refusal.value.tenants == ["north", "south"]

    def test_is_accepted_once_its_tenants_are_deleted(self, world: World):
        boss = world.acme_partner
        for tenant in (world.north, world.south):
            tenancy.delete(tenant, actor=SYSTEM)
        tenancy.delete(Partner.objects.get(pk=world.acme.pk), actor=SYSTEM)
        assert not is_alive(boss)


def principal(caller: Caller):
    from sessions_app.api.authentication import principal_of

    found = principal_of(caller.token, Origin())
    assert found
    return found
