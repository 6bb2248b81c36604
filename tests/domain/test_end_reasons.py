"""The reason a session ended does not change with what happens before it is written to the row."""

from datetime import timedelta

from django.db.models import F

from accounts import operations as accounts
from accounts.models import Role
from sessions_app import operations
from sessions_app.models import Revocation, RevocationScope, Session, SessionState
from sessions_app.reads import live_counts
from tenancy import operations as tenancy
from tests.cells import cells
from tests.world import SYSTEM, Caller, World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def later(caller: Caller, by: timedelta) -> None:
    """As if the session had been opened, and last seen, that much earlier."""
    times = ("created_at", "last_activity_at", "expires_at", "due_at")
    Session.objects.filter(pk=caller.session.pk).update(**{time: F(time) - by for time in times})


def how_it_ended(caller: Caller) -> str:
    operations.sweep()
    operations.expire(actor=SYSTEM)
    return Session.objects.get(pk=caller.session.pk).revoke_reason


class TestRevokedSession:
    def test_belongs_to_the_partner_revocation_despite_a_later_tenant_move(self, world: World):
        katherine = world.katherine
        ended = operations.revoke_scope(
            RevocationScope.PARTNER, world.ada.user.tenant.partner_id, actor=SYSTEM, reason="Acme"
        )
        tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM)
        assert (how_it_ended(world.ada), how_it_ended(katherine)) == ("Acme", "Acme")
        swept = Revocation.objects.get(pk=ended.revocation.pk)
        assert (swept.revoked_count, swept.swept_count) == (2, 2)

    def test_is_not_attributed_to_an_earlier_revocation_of_the_new_partner(self, world: World):
        ada = world.ada
        operations.revoke_scope(
            RevocationScope.PARTNER, world.lisa.user.tenant.partner_id, actor=SYSTEM, reason="Globex"
        )
        tenancy.change_tenant(world.north, partner=world.globex, actor=SYSTEM)
        assert (how_it_ended(ada), how_it_ended(world.lisa)) == ("tenant moved", "Globex")

    def test_is_not_idle_because_of_a_later_policy(self, world: World):
        later(world.ada, by=HOUR)
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="everybody out")
        tenancy.set_session_policy(world.north, idle_timeout=120, session_lifetime=120, actor=SYSTEM)
        assert how_it_ended(world.ada) == "everybody out"


class TestExpiredSession:
    @cells("after", [8 * DAY, 31 * DAY], ids=["idle", "expired"])
    def test_keeps_its_expiry_time_despite_a_later_policy(self, after: timedelta, world: World):
        later(world.ada, by=after)
        before = Session.objects.get(pk=world.ada.session.pk)
        tenancy.set_session_policy(world.north, idle_timeout=120, session_lifetime=120, actor=SYSTEM)
        how_it_ended(world.ada)
        over = Session.objects.get(pk=world.ada.session.pk)
        assert over.is_expired
        assert over.revoked_at == min(before.expires_at, before.last_activity_at + before.idle_limit)

    def test_stays_a_plain_users_when_the_user_becomes_an_admin(self, world: World):
        later(world.ada, by=6 * DAY)
        operations.revoke_scope(RevocationScope.ADMINS, None, actor=SYSTEM, reason="administrators out")
        later(world.ada, by=2 * DAY)
        accounts.change_user(world.ada.user, role=Role.TENANT_ADMIN, actor=SYSTEM)
        assert (
            live_counts.live_count(RevocationScope.ADMINS, None)
            == SessionState.objects.live().in_scope(RevocationScope.ADMINS, None).count()
        )
        assert how_it_ended(world.ada) == "idle"

    def test_is_expired_in_state_and_filter_despite_a_later_revocation(self, world: World):
        later(world.ada, by=8 * DAY)
        operations.revoke_scope(RevocationScope.USER, world.ada.user.pk, actor=SYSTEM, reason="signed out everywhere")
        its = SessionState.objects.filter(pk=world.ada.session.pk)
        assert [each.state for each in its] == ["expired"]
        assert list(its.in_state("expired")) == list(its)
