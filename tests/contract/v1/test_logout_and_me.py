"""POST /auth/logout and GET /me."""

from typing import Any

from accounts.models import User
from audit.models import AuditEntry
from sessions_app.models import Session
from tests.access.callers import api_key_of
from tests.cells import cells
from tests.contract.v1.answers import ME, NOT_AUTHENTICATED, data_of, refused, when
from tests.contract.v1.test_my_sessions import SESSION_LIST_ITEM
from tests.world import CHROME, Caller, World

LOGOUT = "/api/v1/auth/logout"
WHO = {"id", "email", "display_name", "role", "tenant_id", "partner_id", "mfa_enabled", "session"}


class TestSignOut:
    @cells("path", [LOGOUT, f"{LOGOUT}/"])
    def test_answers_204_without_a_body(self, path, world: World):
        answer = world.ada.post(path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer["Cache-Control"] == "no-store"

    def test_revokes_the_callers_session_only(self, world: World):
        phone = world.signed_in(world.ada.user)
        world.ada.post(LOGOUT)
        assert refused(world.ada.get(ME)) == NOT_AUTHENTICATED
        assert refused(world.nobody.post("/api/v1/auth/refresh", {"refresh_token": world.ada.refresh_token}))
        data_of(phone.get(ME))

    def test_second_sign_out_is_401(self, world: World):
        world.ada.post(LOGOUT)
        ended = Session.objects.get(pk=world.ada.session.pk)
        assert refused(world.ada.post(LOGOUT)) == NOT_AUTHENTICATED
        assert Session.objects.get(pk=ended.pk).revoked_at == ended.revoked_at
        assert (ended.revoked_by, ended.revoke_reason) == (world.ada.user.handle, "signed out")

    def test_writes_audit_entry_with_the_session(self, world: World):
        world.ada.post(LOGOUT, headers={"User-Agent": CHROME}, REMOTE_ADDR="203.0.113.5")
        [entry] = AuditEntry.objects.filter(resource_id=world.ada.session_id, action="authentication.sign_out")
        assert (entry.result, entry.tenant_id, entry.partner_id) == ("success", world.north.pk, world.acme.pk)
        assert (entry.actor_label, entry.ip_address, entry.user_agent) == ("ada@north.example", "203.0.113.5", CHROME)


class TestMe:
    def test_returns_the_user_and_the_session(self, world: World):
        me = data_of(world.ada.get(ME))
        assert me.keys() == WHO
        session = me.pop("session")
        assert me == {
            "id": world.ada.user.handle,
            "email": "ada@north.example",
            "display_name": "ada@north.example",
            "role": "user",
            "tenant_id": world.north.handle,
            "partner_id": world.acme.handle,
            "mfa_enabled": False,
        }
        assert session.keys() == SESSION_LIST_ITEM
        assert (session["id"], session["is_current"]) == (world.ada.session_id, True)
        assert (session["ip_address"], session["user_agent"], session["app_count"]) == ("192.0.2.10", CHROME, 0)
        assert when(session["created_at"]) <= when(session["last_activity_at"]) < when(session["expires_at"])

    def test_display_name_falls_back_to_full_name_then_email(self, world: World):
        def called(**names: str) -> Any:
            User.objects.filter(pk=world.ada.user.pk).update(**names)
            return data_of(world.ada.get(ME))["display_name"]

        assert called(first_name="Ada", last_name="Lovelace") == "Ada Lovelace"
        assert called(display_name="Countess") == "Countess"

    @cells(("who", "partner"), [("acme_partner", "acme"), ("super_admin", None)])
    def test_staff_tenant_of_operators_is_hidden(self, who, partner, world: World):
        me = data_of(getattr(world, who).get(ME))
        assert me["tenant_id"] is None
        assert me["partner_id"] == (getattr(world, partner).handle if partner else None)
        assert getattr(world, who).user.tenant.handle not in str(me)

    def test_session_is_null_for_an_api_key(self, world: World):
        me = data_of(api_key_of(world.ada.user).get(ME))
        assert (me["id"], me["session"]) == (world.ada.user.handle, None)

    def test_reads_the_current_row_of_the_database(self, world: World):
        User.objects.filter(pk=world.ada.user.pk).update(role="tenant_admin", email="ada@elsewhere.example")
        me = data_of(world.ada.get(ME))
        assert (me["role"], me["email"]) == ("tenant_admin", "ada@elsewhere.example")

    def test_missing_or_invalid_token_is_401(self, world: World):
        for caller in (world.nobody, Caller("garbage")):
            assert refused(caller.get(ME)) == NOT_AUTHENTICATED
