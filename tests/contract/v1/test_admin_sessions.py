"""/admin/sessions: admins list, inspect and revoke sessions in their scope."""

from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import Role
from audit.models import AuditEntry
from core.access import Principal, Scope
from core.ids import Prefix
from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.contract.v1.answers import ACCESS_DENIED, data_of, ids, page, refused, when
from tests.contract.v1.sessions import SESSION_LIST_ITEM, SESSIONS, change, fall_idle, is_alive, row, run_out
from tests.factories import SessionApplicationFactory
from tests.world import CHROME, SYSTEM, Caller, World, some_id

SESSION_RESPONSE = [
    "id",
    "user_id",
    "user_email",
    "user_display_name",
    "ip_address",
    "user_agent",
    "device_type",
    "location",
    "is_current",
    "created_at",
    "last_activity_at",
    "expires_at",
    "sso_apps",
]
HOW_IT_ENDED = ["status", "revoked_at", "revoked_by", "revoke_reason", "revocation_id"]
LIVE = ["active", None, None, None, None]


def end(caller: Caller, how: str, target: Caller, body: object = None):
    """By DELETE, or by the other spelling of the same."""
    path = f"{SESSIONS}/{target.session_id}"
    return caller.delete(path) if how == "DELETE" else caller.post(f"{path}/revoke", body)


def ending_of(target: Caller, world: World) -> list[object]:
    told = data_of(world.super_admin.get(f"{SESSIONS}/{target.session_id}"))
    return [told[name] for name in HOW_IT_ENDED]


class TestAdminSessionList:
    @cells("path", [SESSIONS, f"{SESSIONS}/"])
    def test_lists_sessions_in_scope_newest_first(self, path: str, world: World):
        ada, lisa, katherine = world.ada, world.lisa, world.katherine
        assert ids(world.north_admin.get(path)) == [world.north_admin.session_id, ada.session_id]
        acmes = [world.acme_partner, world.north_admin, katherine, ada]
        assert ids(world.acme_partner.get(path)) == [each.session_id for each in acmes]
        everybody = [world.super_admin, *acmes[:2], katherine, lisa, ada]
        assert ids(world.super_admin.get(path)) == [each.session_id for each in everybody]

    def test_row_has_place_device_and_applications(self, world: World):
        application = world.make_service("wiki", [])
        SessionApplicationFactory(session=world.ada.session, application=application)
        rows, _ = page(world.north_admin.get(f"{SESSIONS}?user_id={world.ada.user.handle}"))
        [item] = rows
        assert item.keys() == SESSION_LIST_ITEM
        opened, seen, ends = (when(item.pop(name)) for name in ("created_at", "last_activity_at", "expires_at"))
        assert opened <= seen < ends
        assert item == {
            "id": world.ada.session_id,
            "user_id": world.ada.user.handle,
            "user_email": "ada@north.example",
            "ip_address": "192.0.2.10",
            "user_agent": CHROME,
            "device_type": "desktop",
            "is_current": False,
            "app_count": 1,
        }

    def test_only_the_callers_session_is_current(self, world: World):
        phone = world.signed_in(world.north_admin.user)
        current = {item["id"]: item["is_current"] for item in page(world.north_admin.get(SESSIONS))[0]}
        assert current == {world.north_admin.session_id: True, phone.session_id: False}

    def test_no_session_is_current_for_a_service_or_api_key(self, world: World):
        assert is_alive(world.super_admin)
        for caller in (world.service(Scope.ADMIN_READ), api_key_of(world.super_admin.user)):
            assert {item["is_current"] for item in page(caller.get(SESSIONS))[0]} == {False}

    def test_missing_address_and_device_are_null(self, world: World):
        bare = world.signed_in(world.ada.user, ip_address=None, user_agent="")
        item = next(item for item in page(world.north_admin.get(SESSIONS))[0] if item["id"] == bare.session_id)
        assert (item["ip_address"], item["user_agent"], item["device_type"]) == (None, None, None)

    def test_leaves_out_sessions_however_they_ended(self, world: World):
        over = {name: world.signed_in(world.ada.user) for name in ("revoked", "expired", "idle", "signed out")}
        end(world.north_admin, "DELETE", over["revoked"])
        run_out(over["expired"])
        fall_idle(over["idle"])
        over["signed out"].post("/api/v1/auth/logout")
        kept = [world.north_admin.session_id, world.ada.session_id]
        assert ids(world.north_admin.get(SESSIONS)) == kept
        assert ids(world.north_admin.get(f"{SESSIONS}?active_only=true")) == kept
        everything = set(ids(world.north_admin.get(f"{SESSIONS}?active_only=false")))
        assert everything == {*kept, *(caller.session_id for caller in over.values())}

    def test_is_empty_right_after_a_tenant_wide_revocation(self, world: World):
        assert is_alive(world.ada)
        operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="test")
        assert ids(world.super_admin.get(f"{SESSIONS}?tenant_id={world.north.handle}")) == []


class TestAdminSessionDetail:
    def test_has_every_documented_field(self, world: World):
        application = world.make_service("wiki", [])
        reached = SessionApplicationFactory(session=world.ada.session, application=application)
        told = data_of(world.north_admin.get(f"{SESSIONS}/{world.ada.session_id}"))
        assert list(told) == SESSION_RESPONSE + HOW_IT_ENDED
        opened, seen, ends = (when(told.pop(name)) for name in ("created_at", "last_activity_at", "expires_at"))
        assert opened <= seen < ends
        [app] = told.pop("sso_apps")
        reached.refresh_from_db()
        assert when(app.pop("accessed_at")) == reached.accessed_at
        assert app == {"application_id": application.handle, "application_name": "wiki"}
        assert told == {
            "id": world.ada.session_id,
            "user_id": world.ada.user.handle,
            "user_email": "ada@north.example",
            "user_display_name": "ada@north.example",
            "ip_address": "192.0.2.10",
            "user_agent": CHROME,
            "device_type": "desktop",
            "location": "Documentation range",
            "is_current": False,
            **dict(zip(HOW_IT_ENDED, LIVE, strict=True)),
        }

    def test_missing_address_and_device_are_null(self, world: World):
        bare = world.signed_in(world.ada.user, ip_address=None, user_agent="")
        told = data_of(world.north_admin.get(f"{SESSIONS}/{bare.session_id}"))
        names = ("ip_address", "user_agent", "device_type", "location")
        assert ([told[name] for name in names], told["sso_apps"]) == ([None] * 4, [])

    def test_has_the_users_name_and_is_current(self, world: World):
        world.ada.user.first_name, world.ada.user.last_name = "Ada", "Lovelace"
        world.ada.user.save()
        assert (
            data_of(world.north_admin.get(f"{SESSIONS}/{world.ada.session_id}"))["user_display_name"] == "Ada Lovelace"
        )
        assert data_of(world.north_admin.get(f"{SESSIONS}/{world.north_admin.session_id}"))["is_current"] is True

    def test_revoked_session_has_time_actor_and_reason(self, world: World):
        told = data_of(end(world.north_admin, "POST", world.ada, {"reason": "laptop lost"}))
        at = row(world.ada).revoked_at
        status, revoked_at, *rest = ending_of(world.ada, world)
        assert (status, when(revoked_at)) == ("revoked", at)
        assert rest == [world.north_admin.user.handle, "laptop lost", told["revocation_id"]]

    def test_tenant_wide_revocation_reads_the_same_before_and_after_the_sweep(self, world: World):
        assert is_alive(world.ada)
        told = data_of(world.super_admin.post(f"{SESSIONS}/revoke-all", {"tenant_id": world.north.handle}))
        assert row(world.ada).revoked_at is None
        before = ending_of(world.ada, world)
        operations.sweep()
        assert row(world.ada).revoked_at is not None
        assert before == ending_of(world.ada, world)
        who = world.super_admin.user.handle
        assert [before[0], *before[2:]] == ["revoked", who, "revoked by an administrator", told["revocation_id"]]

    def test_first_of_two_scope_revocations_is_named(self, world: World):
        assert is_alive(world.ada)
        first = operations.revoke_scope(RevocationScope.TENANT, world.north.pk, actor=SYSTEM, reason="first")
        operations.revoke_scope(RevocationScope.PARTNER, world.acme.pk, actor=SYSTEM, reason="second")
        assert ending_of(world.ada, world)[3:] == ["first", first.revocation.handle]

    def test_unrelated_scope_revocations_are_not_named(self, world: World):
        """Revocations before the sign-in, of other scopes, or of admins only; none is swept yet."""
        for reach, target in (
            (RevocationScope.TENANT, world.north),
            (RevocationScope.PARTNER, world.acme),
            (RevocationScope.PLATFORM, None),
        ):
            operations.revoke_scope(reach, target and target.pk, actor=SYSTEM, reason="before")
        assert is_alive(world.ada)
        for reach, target in (
            (RevocationScope.ADMINS, None),
            (RevocationScope.TENANT, world.south),
            (RevocationScope.USER, world.alan.user),
        ):
            operations.revoke_scope(reach, target and target.pk, actor=SYSTEM, reason="elsewhere")
        assert ending_of(world.ada, world) == LIVE
        felled = operations.revoke_scope(RevocationScope.PARTNER, world.acme.pk, actor=SYSTEM, reason="felled")
        assert ending_of(world.ada, world)[3:] == ["felled", felled.revocation.handle]

    @cells(
        "reach",
        [
            RevocationScope.ADMINS,
            RevocationScope.PLATFORM,
            RevocationScope.PARTNER,
            RevocationScope.TENANT,
            RevocationScope.USER,
        ],
    )
    def test_revocation_of_every_scope_is_named(self, reach: RevocationScope, world: World):
        admin = world.north_admin
        targets = {
            RevocationScope.PARTNER: world.acme,
            RevocationScope.TENANT: world.north,
            RevocationScope.USER: admin.user,
        }
        target = targets[reach].pk if reach in targets else None
        felled = operations.revoke_scope(reach, target, actor=SYSTEM, reason="felled")
        operator = world.signed_in(world.super_admin.user)
        told = data_of(operator.get(f"{SESSIONS}/{admin.session_id}"))
        assert [told[name] for name in HOW_IT_ENDED if name != "revoked_at"] == [
            "revoked",
            SYSTEM.id,
            "felled",
            felled.revocation.handle,
        ]

    @cells(("over", "reason"), [(run_out, "expired"), (fall_idle, "idle")])
    def test_expired_session_reads_the_same_before_and_after_being_marked(self, over, reason: str, world: World):
        over(world.ada)
        before = ending_of(world.ada, world)
        assert row(world.ada).revoked_at is None
        operations.expire(actor=Principal.system("expire_sessions"))
        assert row(world.ada).is_expired
        assert before == ending_of(world.ada, world)
        assert [before[0], *before[2:]] == ["expired", "system:expire_sessions", reason, None]
        assert before[1] < data_of(world.super_admin.get(f"{SESSIONS}/{world.lisa.session_id}"))["created_at"]

    def test_session_opened_after_a_revocation_is_live(self, world: World):
        operations.revoke_scope(RevocationScope.PLATFORM, None, actor=SYSTEM, reason="test")
        assert ending_of(world.ada, world) == LIVE

    @cells("who", ["springfield_admin", "globex_partner"])
    def test_session_out_of_scope_is_404(self, who: str, world: World):
        caller = getattr(world, who)
        answers = [caller.get(f"{SESSIONS}/{each}") for each in (world.ada.session_id, some_id(Prefix.SESSION), "x")]
        assert [refused(answer, 404) for answer in answers] == [{"detail": "Session not found"}] * 3


@cells("how", ["DELETE", "POST"])
class TestAdminRevokeOne:
    def test_revoked_session_is_refused_on_next_request(self, how: str, world: World):
        phone = world.signed_in(world.ada.user)
        answer = end(world.north_admin, how, phone)
        assert (answer.status_code, answer.content[:1]) == ((204, b"") if how == "DELETE" else (200, b"{"))
        assert not is_alive(phone)
        assert is_alive(world.ada)

    def test_its_refresh_token_is_refused_too(self, how: str, world: World):
        end(world.north_admin, how, world.ada)
        refused(world.nobody.post("/api/v1/auth/refresh", {"refresh_token": world.ada.refresh_token}))

    def test_second_revocation_succeeds_and_changes_nothing(self, how: str, world: World):
        first = end(world.north_admin, how, world.ada)
        ended = row(world.ada)
        again = end(world.super_admin, how, world.ada)
        assert again.status_code == first.status_code
        left = row(world.ada)
        assert (left.revoked_at, left.revoked_by, left.revocation_id) == (
            ended.revoked_at,
            world.north_admin.user.handle,
            ended.revocation_id,
        )

    def test_each_request_writes_an_audit_entry_with_the_count(self, how: str, world: World):
        for _ in range(2):
            end(world.north_admin, how, world.ada)
        entries = AuditEntry.objects.filter(resource_id=world.ada.session_id, action="session.revoked")
        told = [
            (entry.changes["revoked_count"], entry.actor_id, entry.tenant_id) for entry in entries.order_by("number")
        ]
        assert told == [(count, world.north_admin.user.handle, world.north.pk) for count in (1, 0)]

    def test_admin_may_revoke_their_own_session(self, how: str, world: World):
        assert end(world.north_admin, how, world.north_admin).status_code in (200, 204)
        assert not is_alive(world.north_admin)

    @cells("who", ["north_admin", "acme_partner"])
    def test_session_of_an_equal_role_is_403_though_visible(self, how: str, who: str, world: World):
        caller = getattr(world, who)
        equal = world.signed_in(world.person("deputy", caller.user.tenant, Role(caller.user.role)))
        data_of(caller.get(f"{SESSIONS}/{equal.session_id}"))
        assert refused(end(caller, how, equal), 403) == ACCESS_DENIED
        assert is_alive(equal)

    def test_super_admin_may_revoke_another_super_admin(self, how: str, world: World):
        equal = world.signed_in(world.person("other", world.super_admin.user.tenant, Role.SUPER_ADMIN))
        assert end(world.super_admin, how, equal).status_code in (200, 204)
        assert not is_alive(equal)

    def test_session_out_of_scope_is_404(self, how: str, world: World):
        assert refused(end(world.springfield_admin, how, world.ada), 404) == {"detail": "Session not found"}
        assert is_alive(world.ada)

    def test_rights_are_checked_against_the_owners_current_role(self, how: str, world: World):
        """She was a plain user when she signed in, and has become an admin since."""
        assert is_alive(world.ada)
        world.ada.user.role = Role.TENANT_ADMIN
        world.ada.user.save()
        assert refused(end(world.north_admin, how, world.ada), 403) == ACCESS_DENIED


class TestAdminRevokeResponse:
    def test_contains_session_id_count_and_revocation_id(self, world: World):
        told = data_of(end(world.north_admin, "POST", world.ada))
        assert told == {
            "revoked_count": 1,
            "session_ids": [world.ada.session_id],
            "revocation_id": row(world.ada).revocation.handle,
            "session_ids_truncated": False,
        }
        assert data_of(end(world.north_admin, "POST", world.ada, {})) == {
            "revoked_count": 0,
            "session_ids": [],
            "revocation_id": None,
            "session_ids_truncated": False,
        }

    @cells("body", [None, {}, {"reason": None}])
    def test_reason_is_optional(self, body: object, world: World):
        data_of(end(world.north_admin, "POST", world.ada, body))
        assert row(world.ada).revoke_reason == "revoked by an administrator"

    @cells("reason", ["", " ", "x" * 201, 1, ["lost"], "a\0b"])
    def test_invalid_reason_is_422_and_revokes_nothing(self, reason: object, world: World):
        assert refused(end(world.north_admin, "POST", world.ada, {"reason": reason}), 422)
        assert is_alive(world.ada)

    def test_idle_session_counts_zero_and_is_revoked_for_good(self, world: World):
        """Otherwise the idle session would be live again if the limit were raised."""
        fall_idle(world.ada)
        assert data_of(end(world.north_admin, "POST", world.ada))["revoked_count"] == 0
        change(world.ada, last_activity_at=Now(), due_at=Now() + timedelta(days=1))
        assert not is_alive(world.ada)
        assert Session.objects.filter(pk=world.ada.session.pk, revoked_at__isnull=False).exists()
