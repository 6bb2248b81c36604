"""Password resets: the old password ends at once; the user sets the new one with a code, once and in time."""

import re
from datetime import timedelta
from typing import Any

from django.core import mail
from django.db.models import F
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs
from accounts.models import PasswordReset, Role, User
from accounts.operations import change_user
from audit.models import AuditEntry
from tenancy.models import Partner, Tenant
from tenancy.operations import change_tenant, reactivate, suspend
from tests.cells import cells
from tests.contract.v1.answers import ME, data_of, flaws, refused
from tests.world import PASSWORD, SYSTEM, World

RESET, SIGN_IN = "/api/v1/auth/reset-password", "/api/v1/auth/login"
NEW = "an entirely new password"


def there_and_back(change: Any) -> Any:
    def suspend_and_reactivate(world: World) -> None:
        thing = change(world)
        suspend(thing, actor=SYSTEM)
        reactivate(thing, actor=SYSTEM)

    return suspend_and_reactivate


CHANGES: dict[str, Any] = {
    "another address": lambda world: change_user(world.ada.user, email="other@north.example", actor=SYSTEM),
    "another role": lambda world: change_user(world.ada.user, role=Role.TENANT_ADMIN, actor=SYSTEM),
    "another partner": lambda world: change_tenant(world.north, partner=world.globex, actor=SYSTEM),
    "user suspended and back": there_and_back(lambda world: world.ada.user),
    "tenant suspended and back": there_and_back(lambda world: world.north),
    "partner suspended and back": there_and_back(lambda world: world.acme),
}


def issue(world: World, **body: str) -> Any:
    return data_of(world.north_admin.post(f"/api/v1/admin/users/{world.ada.user.handle}/reset-password", body))


def use(world: World, code: str, new: str = NEW) -> Any:
    return world.nobody.post(RESET, {"code": code, "new_password": new})


def sign_in(world: World, password: str) -> int:
    return world.nobody.post(SIGN_IN, {"email": world.ada.user.email, "password": password}).status_code


def queued() -> list[dict[str, str]]:
    """What the worker will be asked to mail."""
    return list(
        ProcrastinateJob.objects.filter(task_name="mail_password_reset").order_by("id").values_list("args", flat=True)
    )


def letter() -> Any:
    jobs.mail_password_reset(**queued()[-1])
    return mail.outbox[-1]


class TestIssueReset:
    def test_revokes_the_old_password_and_every_session(self, world: World):
        phone = world.signed_in(world.ada.user)
        told = issue(world, delivery="code")
        assert told.keys() == {"delivery", "email", "code", "expires_at", "sessions_ended"}
        assert told["sessions_ended"] == 2
        assert [caller.get(ME).status_code for caller in (world.ada, phone, world.alan)] == [401, 401, 200]
        assert sign_in(world, PASSWORD) == 401

    def test_code_is_returned_only_for_delivery_code(self, world: World):
        assert issue(world)["code"] is None
        assert len(queued()) == 1
        assert len(issue(world, delivery="code")["code"]) >= 40
        assert len(queued()) == 1

    @cells("delivery", ["", "sms", None, 1])
    def test_unknown_delivery_is_422(self, delivery: Any, world: World):
        answer = world.north_admin.post(
            f"/api/v1/admin/users/{world.ada.user.handle}/reset-password", {"delivery": delivery}
        )
        assert [where for where, _, _ in flaws(answer)] == [["body", "delivery"]]

    def test_code_is_stored_nowhere(self, world: World):
        issue(world)
        code = re.search(r"^(\S{40,})$", letter().body, re.MULTILINE)[1]
        kept = repr(list(AuditEntry.objects.values())) + repr(queued()) + repr(list(PasswordReset.objects.values()))
        assert code not in kept

    @cells("what", ["user", "tenant"])
    def test_reset_for_a_suspended_user_or_tenant_is_refused(self, what: str, world: World):
        user = world.ada.user
        suspend(user if what == "user" else world.north, actor=SYSTEM)
        before = PasswordReset.objects.count(), ProcrastinateJob.objects.count()
        path = f"/api/v1/admin/users/{user.handle}/reset-password"
        assert "suspended" in refused(world.acme_partner.post(path, {}), 409)["detail"]
        assert (PasswordReset.objects.count(), ProcrastinateJob.objects.count()) == before


class TestUseReset:
    def test_sets_the_new_password(self, world: World):
        assert data_of(use(world, issue(world, delivery="code")["code"])) == {"sessions_ended": 0}
        assert (sign_in(world, NEW), sign_in(world, PASSWORD)) == (200, 401)

    def test_used_code_is_refused(self, world: World):
        code = issue(world, delivery="code")["code"]
        data_of(use(world, code))
        assert [where for where, _, _ in flaws(use(world, code, "another new password"))] == [["body", "code"]]
        assert sign_in(world, NEW) == 200

    def test_only_the_newest_code_is_accepted(self, world: World):
        old, new = (issue(world, delivery="code")["code"] for _ in range(2))
        assert flaws(use(world, old))
        data_of(use(world, new))

    def test_expired_code_is_refused(self, world: World):
        code = issue(world, delivery="code")["code"]
        PasswordReset.objects.update(expires_at=F("created_at") - timedelta(seconds=1))
        assert flaws(use(world, code))

    def test_code_stays_valid_after_a_weak_password(self, world: World):
        code = issue(world, delivery="code")["code"]
        assert [where for where, _, _ in flaws(use(world, code, "short"))] == [["body", "new_password"]]
        data_of(use(world, code))

    @cells("code", ["x", "x" * 43, "x" * 129, "\N{SNOWMAN}"])
    def test_malformed_code_is_422(self, code: str, world: World):
        assert [where for where, _, _ in flaws(use(world, code))] == [["body", "code"]]

    @cells("change", [{"status": "SUSPENDED"}, {"deleted_at": "2026-01-01T00:00:00Z"}], ids=str)
    @cells("what", [User, Tenant, Partner])
    def test_suspended_or_deleted_user_tenant_or_partner_is_refused(
        self, what: Any, change: dict[str, Any], world: World
    ):
        code = issue(world, delivery="code")["code"]
        pk = {User: world.ada.user.pk, Tenant: world.north.pk, Partner: world.acme.pk}[what]
        what.objects.filter(pk=pk).update(**change)
        assert [where for where, _, _ in flaws(use(world, code))] == [["body", "code"]]

    @cells("what", CHANGES)
    def test_code_is_refused_after_any_event_that_revokes_sessions(self, what: str, world: World):
        """The code was issued before the change, for circumstances that no longer hold."""
        code = issue(world, delivery="code")["code"]
        CHANGES[what](world)
        assert [where for where, _, _ in flaws(use(world, code))] == [["body", "code"]]

    def test_wrong_codes_are_throttled_by_address(self, world: World, settings):
        settings.SIGN_IN_FAILURES_PER_ADDRESS = 3
        statuses = [use(world, "wrong").status_code for _ in range(5)]
        assert statuses == [422, 422, 422, 429, 429]

    def test_sessions_opened_in_the_meantime_are_revoked(self, world: World):
        code = issue(world, delivery="code")["code"]
        meanwhile = world.signed_in(world.ada.user)
        assert data_of(use(world, code)) == {"sessions_ended": 1}
        assert meanwhile.get(ME).status_code == 401


class TestResetMail:
    def test_contains_a_working_code(self, world: World):
        issue(world)
        sent = letter()
        assert sent.to == [world.ada.user.email]
        code = re.search(r"^(\S{40,})$", sent.body, re.MULTILINE)[1]
        assert code in sent.alternatives[0].content
        assert "/reset-password" in sent.body
        assert code not in next(line for line in sent.body.splitlines() if "http" in line)
        data_of(use(world, code))

    def test_branding_is_escaped(self, world: World):
        branding = {
            "product_name": "<b>{{7*7}}</b>\r\nBcc: a@b.example",
            "primary_color": "#ff8800",
            "support_email": "x",
        }
        Tenant.objects.filter(pk=world.north.pk).update(branding=branding)
        issue(world)
        sent = letter()
        assert sent.subject == "Reset your password for <b>{{7*7}}</b> Bcc: a@b.example"
        html = sent.alternatives[0].content
        assert ("&lt;b&gt;{{7*7}}" in html, "<b>" in html, "#ff8800" in html) == (True, False, True)

    @cells("colour", ["red;background:url(//evil)", "#12345", 7, None, "#1234567"])
    def test_invalid_brand_colour_is_ignored(self, colour: Any, world: World):
        Tenant.objects.filter(pk=world.north.pk).update(branding={"primary_color": colour, "product_name": 1})
        issue(world)
        assert "evil" not in letter().alternatives[0].content

    def test_is_not_sent_for_a_superseded_reset(self, world: World):
        issue(world)
        issue(world, delivery="code")
        jobs.mail_password_reset(**queued()[0])
        assert mail.outbox == []


def test_wrong_codes_get_the_same_answer_for_every_user(world: World):
    answers = [use(world, code).json() for code in ("x", issue(world, delivery="code")["code"][:-1])]
    assert answers[0] == answers[1]
    assert refused(world.nobody.post(RESET, {}), 422)
