"""revoke_sessions: what it revokes, records and prints."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Application
from audit.models import AuditEntry
from sessions_app import operations
from sessions_app.models import Revocation, Session
from tests.cells import cells
from tests.commands.many_sessions import aged, update_session
from tests.commands.run_command import Result, run_command
from tests.world import SYSTEM, Caller, World

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1"
)
WHY = ("--reason", "laptop stolen")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def revoke(*arguments: str) -> Result:
    return run_command("revoke_sessions", *arguments, *WHY, "--yes")


def is_alive(caller: Caller) -> bool:
    return caller.get("/api/v1/me").status_code == 200


def alive(world: World, *names: str) -> set[str]:
    return {name for name in names if is_alive(getattr(world, name))}


PEOPLE = ("ada", "alan", "katherine", "lisa", "north_admin", "acme_partner", "super_admin")


def everybody(world: World) -> dict[str, Caller]:
    return {name: getattr(world, name) for name in PEOPLE}


def application_of(world: World, *callers: Caller) -> Application:
    application = world.make_service(f"wiki{world.suffix}", [])
    Session.objects.filter(pk__in=[caller.session.pk for caller in callers]).update(application=application)
    return application


class TestRevokeScope:
    @cells(
        ("named", "ended"),
        [
            (["--user", "{ada.user.handle}"], {"ada"}),
            (["--user", "ada@north.example", "--tenant", "north"], {"ada"}),
            (["--user", " Ada@North.example", "--tenant", "{north.handle}"], {"ada"}),
            (["--tenant", "north"], {"ada", "alan", "north_admin"}),
            (["--tenant", "{north.handle}"], {"ada", "alan", "north_admin"}),
            (["--partner", "acme"], {"ada", "alan", "katherine", "north_admin", "acme_partner"}),
            (["--partner", "{acme.handle}"], {"ada", "alan", "katherine", "north_admin", "acme_partner"}),
            (["--admins"], {"north_admin", "acme_partner", "super_admin"}),
            (["--all"], set(PEOPLE)),
        ],
    )
    def test_revokes_every_session_of_the_scope_and_no_other(self, named: list[str], ended: set[str], world: World):
        everybody(world)
        said = revoke(*(each.format(**vars(world)) if "{" in each else each for each in named))
        assert (said.code, said.err) == (0, "")
        assert alive(world, *PEOPLE) == set(PEOPLE) - ended

    def test_writes_one_revocation_with_the_exact_count(self, world: World):
        everybody(world)
        said = revoke("--tenant", "north")
        revocation = Revocation.objects.get(tenant_id=world.north.pk)
        assert said.out == f"3 sessions revoked by {revocation.handle}.\n"
        assert (revocation.reach, revocation.number is not None, revocation.revoked_count) == ("tenant", True, 3)
        [entry] = AuditEntry.objects.filter(resource_id=revocation.handle)
        assert (entry.actor_id, entry.changes["reason"]) == ("system:revoke_sessions", "laptop stolen")

    @cells("by", ["handle", "client_id"])
    def test_application_may_be_given_by_id_or_client_id(self, by: str, world: World):
        application = application_of(world, world.ada, world.lisa)
        assert is_alive(world.alan)
        assert revoke("--application", getattr(application, by)).code == 0
        assert alive(world, "ada", "alan", "lisa") == {"alan"}

    def test_sets_actor_reason_and_time_on_each_session(self, world: World):
        revoke("--user", world.ada.user.handle)
        row = Session.objects.get(pk=world.ada.session.pk)
        assert (row.revoked_by, row.revoke_reason) == ("system:revoke_sessions", "laptop stolen")
        assert row.revoked_at is not None


class TestRevokeBySessionId:
    def test_revokes_the_given_sessions_only(self, world: World):
        phone, tablet = (world.signed_in(world.ada.user) for _ in range(2))
        said = revoke("--session", phone.session_id, "--session", world.lisa.session_id)
        assert said.out.startswith("2 sessions revoked by rev_")
        assert [is_alive(each) for each in (phone, tablet, world.ada, world.lisa)] == [False, True, True, False]

    def test_revocation_within_one_tenant_belongs_to_that_tenant(self, world: World):
        revoke("--session", world.ada.session_id)
        revocation = Session.objects.get(pk=world.ada.session.pk).revocation
        assert (revocation.tenant_id, revocation.partner_id) == (world.north.pk, world.acme.pk)
        entries = AuditEntry.objects.filter(resource_id=revocation.handle)
        assert {entry.tenant_id for entry in entries} == {world.north.pk}

    def test_revocation_across_tenants_belongs_to_the_platform(self, world: World):
        revoke("--session", world.ada.session_id, "--session", world.lisa.session_id)
        revocation = Session.objects.get(pk=world.ada.session.pk).revocation
        assert (revocation.tenant_id, revocation.partner_id) == (None, None)

    def test_ended_sessions_are_not_revoked_again(self, world: World):
        revoke("--session", world.ada.session_id)
        first = Session.objects.get(pk=world.ada.session.pk).revoked_at
        assert revoke("--session", world.ada.session_id).code == 1
        said = revoke("--session", world.ada.session_id, "--session", world.alan.session_id)
        assert said.out.startswith("1 session revoked by rev_")
        assert Session.objects.get(pk=world.ada.session.pk).revoked_at == first


class TestRevokeByFilter:
    def test_keeps_sessions_of_other_users(self, world: World):
        assert is_alive(world.alan)
        assert revoke("--user", world.ada.user.handle, "--device", "desktop").code == 0
        assert alive(world, "ada", "alan") == {"alan"}

    def test_filter_with_all_covers_the_whole_platform(self, world: World):
        everybody(world)
        update_session(world.lisa, country="SE")
        update_session(world.super_admin, country="SE")
        assert revoke("--all", "--country", "SE").out.startswith("2 sessions revoked")
        assert alive(world, *PEOPLE) == set(PEOPLE) - {"lisa", "super_admin"}

    def test_filter_limits_every_kind_of_scope(self, world: World):
        everybody(world)
        assert revoke("--admins", "--tenant", "north").out.startswith("1 session revoked")
        assert revoke("--partner", "acme", "--ip", "192.0.2.0/24", "--tenant", "south").out.startswith(
            "1 session revoked"
        )
        assert alive(world, *PEOPLE) == set(PEOPLE) - {"north_admin", "katherine"}

    def test_writes_one_revocation_for_the_whole_job(self, world: World):
        everybody(world)
        said = revoke("--tenant", "north", "--ip", "192.0.2.0/24", "--user-agent", "Chrome")
        [revocation] = Revocation.objects.filter(tenant_id=world.north.pk)
        assert revocation.handle in said.out
        assert (revocation.reach, revocation.number) == ("selection", None)
        assert revocation.selection == {"tenant": world.north.handle, "ip": "192.0.2.0/24", "user_agent": "chrome"}
        assert (revocation.revoked_count, revocation.swept_count, revocation.swept_at is None) == (3, 3, False)
        rows = Session.objects.filter(revocation=revocation)
        assert {row.user.email for row in rows} == {"ada@north.example", "alan@north.example", "admin@north.example"}

    def test_stores_the_filter_in_normalized_form(self, world: World):
        aged(world.ada, timedelta(days=2))
        looks = ["--ip", "::ffff:192.0.2.10", "--older-than", "24h", "--idle-for", "60m", "--user-agent", "CHROME"]
        assert revoke("--user", "Ada@north.example", "--tenant", "north", *looks, "--device", "desktop").code == 0
        assert Session.objects.get(pk=world.ada.session.pk).revocation.selection == {
            "user": world.ada.user.handle,
            "ip": "192.0.2.10/32",
            "older_than": "1d",
            "idle_for": "1h",
            "user_agent": "chrome",
            "device": "desktop",
        }

    def test_writes_audit_entries_at_start_and_end(self, world: World):
        everybody(world)
        revoke("--tenant", "north", "--device", "desktop")
        revocation = Revocation.objects.get(tenant_id=world.north.pk)
        entries = AuditEntry.objects.filter(resource_id=revocation.handle).order_by("number")
        assert [(entry.changes["is_finished"], entry.changes["revoked_count"]) for entry in entries] == [
            (False, 0),
            (True, 3),
        ]
        assert {(entry.actor_id, entry.tenant_id) for entry in entries} == {("system:revoke_sessions", world.north.pk)}


class TestNothingToRevoke:
    def test_deleted_tenants_slug_is_unknown(self, world: World):
        world.north.deleted_at = world.north.created_at
        world.north.save()
        assert "No tenant north" in revoke("--tenant", "north").err

    def test_no_match_has_exit_code_1_and_writes_no_revocation(self, world: World):
        everybody(world)
        said = revoke("--tenant", "north", "--device", "bot")
        assert (said.code, said.out, said.err) == (1, "", "No active session matches.\n")
        assert not Revocation.objects.filter(tenant_id=world.north.pk).exists()

    def test_scope_without_sessions_still_refuses_pending_sign_ins(self, world: World):
        newcomer = world.person("new", world.north)
        proof = world.proof(newcomer)
        said = revoke("--user", newcomer.handle)
        assert (said.code, said.err) == (1, "No active session matches. Sign-ins in progress were refused.\n")
        with pytest.raises(operations.RevokedDuringSignIn):
            operations.open(proof, actor=SYSTEM)


class TestJsonOutput:
    def test_contains_revocation_id_and_count(self, world: World):
        said = revoke("--user", world.ada.user.handle, "--json")
        revocation = Session.objects.get(pk=world.ada.session.pk).revocation
        assert said.json == {"revocation_id": revocation.handle, "revoked_count": 1, "is_finished": True}

    def test_contains_zero_when_nothing_matches(self, world: World):
        said = revoke("--tenant", "north", "--device", "bot", "--json")
        assert (said.code, said.json) == (1, {"revocation_id": None, "revoked_count": 0, "is_finished": True})

    def test_dry_run_contains_the_preview(self, world: World):
        said = run_command("revoke_sessions", "--user", world.ada.user.handle, *WHY, "--dry-run", "--json")
        assert said.code == 0
        assert (said.json["count"], said.json["by_tenant"], said.json["by_device"]) == (1, {"north": 1}, {"desktop": 1})
        assert [each["id"] for each in said.json["sample"]] == [world.ada.session_id]


def test_dry_run_counts_exactly_what_is_revoked(world: World):
    """Sessions that have ended in any way are not counted."""
    rested, phone = (world.signed_in(world.alan.user) for _ in range(2))
    long_ago = rested.session.created_at - timedelta(days=60)
    update_session(rested, last_activity_at=long_ago, due_at=long_ago)
    revoke("--session", phone.session_id)
    is_alive(world.ada)
    for named in (["--tenant", "north", "--device", "desktop"], ["--tenant", "north"]):
        with transaction.atomic():
            assert run_command("revoke_sessions", *named, *WHY, "--dry-run").out.startswith(
                "2 sessions would be revoked."
            )
            assert revoke(*named).out.startswith("2 sessions revoked")
            transaction.set_rollback(True)
