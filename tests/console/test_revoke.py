"""Revoking sessions in the console: exactly what the preview showed is revoked."""

import re
from html import unescape
from typing import Any

import pytest

from accounts.models import Role
from audit.actions import Action
from audit.models import AuditEntry
from core.access import Principal
from sessions_app.admin.filters import ATTRIBUTE_FIELDS, SCOPE_FIELDS
from sessions_app.models import Revocation, Session, SessionState
from sessions_app.reads.revocation_preview import preview_revocation
from sessions_app.selection import Selection
from tests.cells import cells
from tests.commands.many_sessions import create_sessions
from tests.console.browser import END, REVOCATIONS, SESSIONS, Browser
from tests.factories import ApplicationFactory
from tests.world import Caller, World

FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"


def spelled(value: object) -> str:
    """The same in every process: a set has no order of its own."""
    return " ".join(sorted(value)) if isinstance(value, set) else str(value)


@pytest.fixture
def everybody(world: World) -> World:
    for name in ("ada", "alan", "katherine", "lisa", "north_admin", "acme_partner", "super_admin"):
        assert getattr(world, name).session
    return world


def is_live(*callers: Caller) -> list[bool]:
    live = set(SessionState.objects.live().values_list("pk", flat=True))
    return [caller.session.pk in live for caller in callers]


def others_live(world: World) -> list[str]:
    names = ("ada", "alan", "katherine", "lisa", "north_admin", "acme_partner", "super_admin")
    return [name for name in names if is_live(getattr(world, name)) == [True]]


ENDED_BY: list[tuple[str, dict[str, str], set[str]]] = [
    ("north_admin", {"user": "ada@north.example"}, {"ada"}),
    ("acme_partner", {"user": "ada@north.example"}, {"ada"}),
    ("acme_partner", {"tenant": "north"}, {"ada", "alan", "north_admin"}),
    ("super_admin", {"partner": "globex"}, {"lisa"}),
    ("super_admin", {"admins": "on"}, {"north_admin", "acme_partner", "super_admin"}),
    ("acme_partner", {"admins": "on"}, {"north_admin", "acme_partner"}),
    ("north_admin", {"admins": "on"}, {"north_admin"}),
    ("north_admin", {"all": "on"}, {"ada", "alan", "north_admin"}),
    ("acme_partner", {"all": "on"}, {"ada", "alan", "katherine", "north_admin", "acme_partner"}),
    (
        "super_admin",
        {"all": "on"},
        {"ada", "alan", "katherine", "lisa", "north_admin", "acme_partner", "super_admin"},
    ),
    ("north_admin", {"device": "desktop"}, {"ada", "alan", "north_admin"}),
    ("super_admin", {"ip": "192.0.2.0/24", "tenant": "south"}, {"katherine"}),
    ("acme_partner", {"country": "SE"}, set()),
]


@pytest.mark.parametrize(("who", "what", "ended"), ENDED_BY, ids=spelled)
def test_preview_count_equals_the_revoked_sessions(who: str, what: dict[str, str], ended: set[str], everybody: World):
    browser = Browser(getattr(everybody, who))
    before = set(others_live(everybody))
    text = browser.open(END, **what)
    assert f"{len(ended)} session" in text
    assert ("This includes your own session" in text) == (who in ended)
    if not ended:
        assert "No active session that you can revoke matches" in text
        return
    browser.end(**what)
    assert set(others_live(everybody)) == before - ended
    made = Revocation.objects.order_by("-pk").first()
    assert (made.revoked_count, made.reason) == (len(ended), "a bad night")
    if who not in ended:
        assert f"{len(ended)} session" in browser.text
        assert browser.at == f"{REVOCATIONS}{made.handle}/"
        assert made.handle in browser.html
        named = {
            "user": everybody.ada.user.handle,
            "tenant": everybody.north.handle,
            "partner": everybody.globex.handle,
        }
        assert [
            named[name] for name in what if len(what) == 1 and name in named if named[name] not in browser.text
        ] == []


class TestRevocationPreview:
    def test_shows_sessions_users_tenants_and_admins(self, everybody: World):
        create_sessions(everybody.ada, 3)
        text = Browser(everybody.super_admin).open(END, tenant="north")
        for told in ("6 sessions", "3 users", "1 customer tenant", "1 administrator"):
            assert told in text

    def test_counters_and_rows_give_the_same_preview(self, everybody: World):
        create_sessions(everybody.ada, 5)
        create_sessions(everybody.north_admin, 2)
        operator = Principal.system("tests")
        for scope in ({"tenant": "north"}, {"partner": "acme"}):
            whole = preview_revocation(selection(operator, **scope))
            looked_at = preview_revocation(selection(operator, **scope, older_than="0s"))
            assert (whole.sessions, whole.users, whole.tenants, whole.administrators) == (
                looked_at.sessions,
                looked_at.users,
                looked_at.tenants,
                looked_at.administrators,
            )

    @pytest.mark.parametrize("said", [{}, {"usr": "x"}, {"session": ""}, {"state": "active"}])
    def test_missing_scope_is_422(self, said: dict[str, str], everybody: World):
        browser = Browser(everybody.super_admin)
        browser.open(END, **said)
        assert browser.status == 422
        assert "now</button>" not in browser.html

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"user": "nobody@north.example"}, "No user"),
            ({"ip": "192.0.2.300"}, "not a valid IP address or CIDR"),
            ({"older_than": "soon"}, "not a duration"),
            ({"device": "toaster"}, "not a device type"),
            ({"country": "Sweden"}, "not a country code"),
            ({"user": "\0'; DROP"}, "No user"),
            ({"user": "\0", "device": "mobile"}, "No user"),
            ({"device": "mobile", "state": "lively"}, "Unknown state lively. Use one of: active,"),
        ],
    )
    def test_invalid_filter_is_explained(self, said: dict[str, str], words: str, everybody: World):
        browser = Browser(everybody.super_admin)
        assert words in browser.open(END, **said)
        assert browser.status == 422
        assert words in browser.open(SESSIONS, **said)
        assert browser.status == 200

    @pytest.mark.parametrize(
        ("scope", "label", "name"),
        [
            ({"tenant": "south"}, "Tenant", "south (south)"),
            ({"partner": "globex"}, "Partner", "Globex (globex)"),
            ({"user": "ada@north.example"}, "User", "ada@north.example"),
            ({"application": "mail"}, "Application", "Mail (mail)"),
        ],
    )
    def test_names_what_is_revoked(self, scope: dict[str, str], label: str, name: str, world: World):
        ApplicationFactory(name="Mail", client_id="mail")
        world.person("ada", world.north)
        assert world.globex
        text = Browser(world.super_admin).open(END, **scope)
        assert f"Revoke sessions of {name}" in text
        assert f"{label} {name}" in text

    @pytest.mark.parametrize(
        ("who", "words"),
        [("super_admin", "All sessions on the platform"), ("acme_partner", "Partner Acme (acme)")],
    )
    def test_names_the_widest_scope(self, who: str, words: str, everybody: World):
        assert words in Browser(getattr(everybody, who)).open(END, all="on")

    def test_counts_customer_tenants_only(self, everybody: World):
        browser = Browser(everybody.super_admin)
        assert "3 customer tenants" in browser.open(END, all="on")
        assert "3 customer tenants" in browser.open(END, device="desktop")

    def test_scope_without_sessions_can_be_revoked(self, world: World):
        browser = Browser(world.super_admin)
        text = browser.open(END, tenant=world.south.handle)
        assert "No session is active. Sign-ins in progress will be refused." in text
        assert "Revoke</button>" in browser.html
        assert "0 sessions revoked." in browser.end(tenant=world.south.handle)


class TestRevocationPages:
    def test_list_and_page_name_the_target(self, everybody: World):
        browser = Browser(everybody.super_admin)
        browser.end(tenant="north")
        assert "north (north): a bad night" in browser.text
        assert "north (north)" in browser.open(REVOCATIONS)

    def test_revocation_of_one_session_names_its_user_and_shows_its_audit_entry(self, everybody: World):
        everybody.ada.post("/api/v1/auth/logout")
        browser = Browser(everybody.super_admin)
        assert "ada@north.example" in browser.open(REVOCATIONS)
        text = browser.open(f"{REVOCATIONS}{Revocation.objects.latest('pk').handle}/")
        assert "ada@north.example: signed out" in text
        assert everybody.ada.session_id in text
        assert "authentication.sign_out" in text[text.index("Audit history") :]


class TestConsoleRevoke:
    def test_missing_or_too_long_reason_is_422(self, everybody: World):
        browser = Browser(everybody.north_admin)
        for reason in ("", "  ", "x" * 201):
            assert "Enter a reason" in browser.end(reason=reason, user="ada@north.example")
            assert browser.status == 422
        assert is_live(everybody.ada) == [True]

    def test_is_confirmed_again_when_more_sessions_match(self, everybody: World):
        browser = Browser(everybody.north_admin)
        browser.open(END, user="ada@north.example")
        form = {"user": "ada@north.example", "at_most": "1", "reason": "a bad night"}
        create_sessions(everybody.ada, 1)
        assert "This would now revoke more sessions than you confirmed" in browser.send(END, **form)
        assert browser.status == 409
        assert "Revoke 2 sessions now" in browser.text
        assert SessionState.objects.live().for_user(everybody.ada.user.pk).count() == 2

    def test_writes_audit_entry_with_actor_and_reason(self, everybody: World):
        Browser(everybody.north_admin).end(user="ada@north.example", reason="she lost her phone")
        entry = AuditEntry.objects.filter(action=Action.SESSIONS_REVOKED).order_by("-pk").first()
        assert entry.actor_id == everybody.north_admin.user.handle
        assert (entry.changes["reason"], entry.changes["revoked_count"]) == ("she lost her phone", 1)
        mine = everybody.super_admin.get(f"/api/v1/admin/sessions/{everybody.ada.session_id}").json()["data"]
        assert (mine["status"], mine["revoke_reason"]) == ("revoked", "she lost her phone")

    def test_selected_sessions_out_of_scope_are_ignored(self, everybody: World):
        browser = Browser(everybody.north_admin)
        picked = [everybody.ada.session_id, everybody.lisa.session_id, everybody.super_admin.session_id, "ses_x"]
        assert "1 session" in browser.open(END, session=picked)
        browser.end(session=picked)
        assert is_live(everybody.ada, everybody.lisa, everybody.super_admin) == [False, True, True]

    def test_selection_entirely_out_of_scope_is_422(self, everybody: World):
        browser = Browser(everybody.north_admin)
        assert "You do not have permission to revoke these sessions" in browser.open(
            END, session=[everybody.lisa.session_id]
        )
        assert browser.status == 422

    def test_admins_of_an_equal_role_are_kept(self, everybody: World):
        peer = everybody.signed_in(everybody.person("peer", everybody.north, Role.TENANT_ADMIN))
        browser = Browser(everybody.north_admin)
        assert "Permission denied" in browser.open(END, user=peer.user.handle)
        assert browser.status == 403
        browser.end(device="desktop")
        assert is_live(peer, everybody.ada) == [True, False]
        denied = AuditEntry.objects.filter(action=Action.ACCESS_DENIED).count()
        assert denied == 1

    def test_shared_application_is_limited_to_the_admins_scope(self, everybody: World):
        made = ApplicationFactory(name="Mail")
        for caller in (everybody.ada, everybody.lisa):
            Session.objects.filter(pk=caller.session.pk).update(application=made)
        browser = Browser(everybody.north_admin)
        assert "1 session" in browser.open(END, application=made.client_id)
        browser.end(application=made.client_id)
        assert is_live(everybody.ada, everybody.lisa) == [False, True]

    def test_filter_with_too_many_sessions_is_refused(self, everybody: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("sessions_app.admin.revoke_view.MAX_BY_FILTER", 2)
        browser = Browser(everybody.super_admin)
        assert "This page can revoke at most" in browser.open(END, device="desktop")
        form: dict[str, Any] = {"device": "desktop", "reason": "x", "at_most": "99"}
        browser.open("/console/")
        browser.send(END, **form)
        assert browser.status == 422
        assert is_live(everybody.ada) == [True]


class TestSessionList:
    def test_shows_live_sessions_newest_first(self, everybody: World):
        browser = Browser(everybody.north_admin)
        text = browser.open(SESSIONS)
        assert "3 active sessions" in text
        assert text.index("alan@") < text.index("ada@")
        assert "katherine@" not in text

    def test_older_links_lead_to_every_session(self, everybody: World):
        create_sessions(everybody.ada, 120)
        browser, seen = Browser(everybody.north_admin), []
        browser.open(SESSIONS, user="ada@north.example")
        while True:
            seen += handles_in(browser.html)
            older = link_called("Older", browser.html)
            if not older:
                break
            browser.open(f"{SESSIONS}{older}")
        assert len(seen) == len(set(seen)) == 121
        assert seen == sorted(seen, reverse=True)

    @cells(
        ("asked", "found"),
        [
            ({"user": "ada@north.example"}, {"ada"}),
            ({"device": "mobile"}, {"alan"}),
            ({"ip": "198.51.100.0/24"}, {"alan"}),
            ({"user_agent": "firefox"}, {"alan"}),
            ({"admins": "on"}, {"north_admin"}),
            ({"state": "revoked"}, set()),
            ({"state": "any"}, {"ada", "alan", "north_admin"}),
            ({"older_than": "1d"}, set()),
        ],
        ids=spelled,
    )
    def test_is_filtered_by_user_device_address_and_state(self, asked: dict[str, str], found: set[str], world: World):
        world.signed_in(world.person("ada", world.north))
        world.signed_in(world.person("alan", world.north), ip_address="198.51.100.7", user_agent=FIREFOX)
        browser = Browser(world.north_admin)
        text = browser.open(SESSIONS, **asked)
        listed = text[text.index("State", text.index("UTC")) :] if "UTC" in text else ""
        people = {"ada": "ada@north", "alan": "alan@north", "north_admin": "admin@north"}
        assert {name for name, start in people.items() if start in listed} == found

    def test_detail_page_shows_the_sessions_history(self, everybody: World):
        everybody.north_admin.post(f"/api/v1/admin/sessions/{everybody.ada.session_id}/revoke", {"reason": "stolen"})
        text = Browser(everybody.acme_partner).open(f"{SESSIONS}{everybody.ada.session_id}/")
        for told in ("revoked", "stolen", "signed in with password from 192.0.2.10", "session.revoked", "Chrome"):
            assert told in text
        assert "Revoke this session…" not in text

    def test_user_agent_is_escaped(self, world: World):
        evil = "<script>alert(1)</script>{{7777*7777}}\" onmouseover='x'"
        world.signed_in(world.person("ada", world.north), user_agent=evil)
        browser = Browser(world.north_admin)
        for path in (SESSIONS, f"{SESSIONS}{Session.objects.get(user_agent=evil).handle}/"):
            browser.open(path)
            assert "<script>alert" not in browser.html
            assert "60481729" not in browser.text
        browser.open(SESSIONS, user_agent="<script>alert(1)</script>")
        assert "<script>alert" not in browser.html


def selection(actor: Principal, **said: str) -> Any:
    named: dict[str, Any] = dict.fromkeys((*SCOPE_FIELDS, *ATTRIBUTE_FIELDS, "session"))
    return Selection.from_options({**named, "admins": False, "all": False, **said}, actor)


def handles_in(html: str) -> list[str]:
    return re.findall(r'type="checkbox" name="session" value="(ses_\w+)"', html)


def link_called(words: str, html: str) -> str:
    found = re.search(rf'href="([^"]*)"[^>]*>{words}</a>', html)
    return unescape(found[1]) if found else ""
