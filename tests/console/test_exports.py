"""Exports of lists: every match of the filter, nothing out of scope, with an audit entry."""

import csv
import io
import json
from http.client import OK
from typing import Any

import pytest
from django.db import OperationalError

from audit import log_export
from audit.actions import Action
from audit.models import AuditEntry
from audit.operations import record
from core import batches
from core.api import exports
from core.ids import Prefix, encode_id
from sessions_app.models import Session, SessionState
from tests.cells import cells
from tests.commands.many_sessions import create_sessions
from tests.console.browser import Browser
from tests.world import SYSTEM, World

RECORD, SESSIONS = "/console/record/", "/console/sessions/"
TIERS = ("north_admin", "acme_partner", "super_admin")


def taken(browser: Browser, place: str, file_format: str = "jsonl", **said: Any) -> list[dict[str, Any]]:
    text = sent(browser, place, file_format, **said).getvalue().decode()
    if file_format == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def sent(browser: Browser, place: str, file_format: str = "jsonl", **said: Any) -> Any:
    browser.open(place)
    form = {"csrfmiddlewaretoken": browser.token, "format": file_format, **said}
    answer = browser.http.post(f"{place}export/", form)
    assert answer.status_code == OK, answer.content
    answer.getvalue = lambda: b"".join(answer.streaming_content)
    return answer


def leave(answer: Any) -> None:
    """As a server closes it whose browser is gone."""
    for close in answer._resource_closers:
        close()


@cells("who", TIERS)
class TestAuditExport:
    def test_contains_what_the_admin_may_see(self, who: str, world: World):
        for caller in (world.ada, world.lisa, world.katherine, world.acme_partner):
            assert caller.session
        caller = getattr(world, who)
        assert caller.session
        ids = [row["id"] for row in taken(Browser(caller), RECORD)]
        rows = AuditEntry.objects.order_by("-pk")
        theirs = {
            "north_admin": rows.filter(tenant_id=world.north.pk),
            "acme_partner": rows.filter(partner_id=world.acme.pk, tenant_id__isnull=False),
            "super_admin": rows,
        }
        assert ids == [encode_id(Prefix.AUDIT_ENTRY, pk) for pk in theirs[who].values_list("pk", flat=True)]
        assert len(ids) > 1

    def test_rows_equal_those_of_the_api(self, who: str, world: World):
        caller = getattr(world, who)
        rows = caller.get("/api/v1/admin/audit?per_page=100").json()["data"]
        itself, *told = taken(Browser(caller), RECORD)
        assert told == rows
        assert itself["action"] == "record.exported"

    def test_export_of_an_entrys_page_equals_the_api(self, who: str, world: World):
        caller = getattr(world, who)
        moved = {"partner_id": ["prt_before", "prt_after"], "name": ["old", "new"]}
        place = {"tenant_id": world.north.pk, "partner_id": world.acme.pk}
        entry = record(Action.TENANT_MOVED, actor=SYSTEM, **place, changes=moved)
        text = Browser(caller).open(f"{RECORD}{entry.handle}/")
        assert "new" in text
        assert ("prt_before" in text) == (who == "super_admin")

    @cells("q", ["tenant.created", f"tenant.created{' ' * 9_000}", "tenant.\0created"])
    def test_contains_the_matches_of_the_search_and_records_it(self, q: str, who: str, world: World):
        rows = taken(Browser(getattr(world, who)), RECORD, q=q)
        assert {row["action"] for row in rows} == {"tenant.created"}
        entry = AuditEntry.objects.order_by("-pk").first()
        assert entry.changes["filter"] == {"q": "tenant.created"}

    def test_export_writes_an_audit_entry(self, who: str, world: World):
        caller = getattr(world, who)
        before = AuditEntry.objects.count()
        sent(Browser(caller), RECORD, "csv", action="tenant.created", q="")
        [entry] = AuditEntry.objects.order_by("pk")[before:]
        assert (entry.action, entry.actor_id) == ("record.exported", caller.user.handle)
        assert entry.changes == {"format": "csv", "filter": {"action": "tenant.created"}}


class TestExportFile:
    def test_contains_every_match_of_the_filter(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(batches, "BATCH", 3)
        monkeypatch.setattr(log_export, "SCAN_LIMIT", 7)
        for number in range(20):
            action = Action.USER_UPDATED if number % 5 == 0 else Action.USER_SUSPENDED
            record(action, actor=SYSTEM, tenant_id=world.north.pk, changes={"number": number})
        rows = taken(Browser(world.super_admin), RECORD, action="user.updated")
        assert [row["changes"]["number"] for row in rows] == [15, 10, 5, 0]
        rows = taken(Browser(world.super_admin), RECORD, tenant=world.north.handle, action="user.suspended")
        assert len(rows) == 16

    def test_csv_formula_is_escaped(self, world: World):
        names = ["=1+1", "+1", "-1", "@A1", "\tx", "\rx", 'quo"te', "two\r\nlines", "=cmd|' /C calc'!A0"]
        for name in names:
            record(Action.USER_UPDATED, actor=SYSTEM, tenant_id=world.north.pk, changes={"name": [None, name]})
        rows = taken(Browser(world.north_admin), RECORD, "csv", action="user.updated")
        assert [json.loads(row["changes"])["name"][1] for row in reversed(rows)] == names
        assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())

    def test_csv_timestamps_equal_those_of_the_api(self, world: World):
        api = world.north_admin.get("/api/v1/admin/audit?per_page=100").json()["data"]
        told = [row["timestamp"] for row in taken(Browser(world.north_admin), RECORD, "csv")]
        assert told[1:] == [entry["timestamp"] for entry in api]  # the first is of its being taken

    def test_is_sent_as_an_attachment_and_not_cached(self, world: World):
        answer = sent(Browser(world.north_admin), RECORD, "csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"].startswith('attachment; filename="record-')
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        leave(answer)

    @cells("place", [RECORD, SESSIONS])
    def test_needs_a_csrf_token_and_the_same_site(self, place: str, world: World):
        browser = Browser(world.super_admin)
        browser.open(place)
        before = AuditEntry.objects.count()
        form = {"csrfmiddlewaretoken": browser.token, "format": "csv"}
        assert browser.http.post(f"{place}export/", {"format": "csv"}).status_code == 403
        assert browser.http.post(f"{place}export/", form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert browser.http.get(f"{place}export/", {"format": "csv"}).status_code == 405
        assert browser.http.post(f"{place}export/", {**form, "format": "xlsx"}).status_code == 400
        assert AuditEntry.objects.count() == before

    @pytest.mark.parametrize("file_format", ["csv", "jsonl"])
    def test_incomplete_file_says_so_in_its_last_line(
        self, file_format: str, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        def away(row: Any, **_: Any) -> Any:
            raise OperationalError("the database is gone")

        answer = sent(Browser(world.super_admin), RECORD, file_format)
        monkeypatch.setattr("audit.api.v1.wire.entry", away)
        *_, last = answer.getvalue().decode().splitlines()
        assert "broken off" in last
        assert file_format == "csv" or json.loads(last)
        assert "a file was broken off" in caplog.text
        monkeypatch.undo()
        assert "broken off" not in sent(Browser(world.super_admin), RECORD, file_format).getvalue().decode()

    @pytest.mark.parametrize("place", [RECORD, SESSIONS])
    def test_ends_when_the_admins_session_is_revoked(self, place: str, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(exports, "CHECK_EVERY", 5)
        create_sessions(world.ada, 20)
        for number in range(20):
            record(Action.USER_UPDATED, actor=SYSTEM, tenant_id=world.north.pk, changes={"number": number})
        lines = iter(sent(Browser(world.north_admin), place).streaming_content)
        begun = [next(lines) for _ in range(3)]
        world.super_admin.post(f"/api/v1/admin/sessions/{world.north_admin.session_id}/revoke", {"reason": "stolen"})
        *rest, last = lines
        assert len(begun + rest) == 5
        assert b"broken off" in last

    def test_concurrent_exports_are_limited_with_429(self, world: World):
        browser = Browser(world.super_admin)
        under_way = [sent(browser, RECORD) for _ in range(exports.MAX_CONCURRENT)]
        browser.open(RECORD)
        browser.send(f"{RECORD}export/", format="csv")
        assert browser.status == 429
        assert int(browser.answer["Retry-After"]) > 0
        leave(under_way[0])
        leave(sent(browser, RECORD))
        under_way[1].getvalue()
        leave(sent(browser, RECORD))


class TestSessionExport:
    def test_contains_the_rows_of_the_filtered_list(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(batches, "BATCH", 2)
        create_sessions(world.ada, 5)
        assert world.lisa.session
        assert world.katherine.session
        browser = Browser(world.acme_partner)
        ids = [row["id"] for row in taken(browser, SESSIONS, tenant="north", state="active")]
        theirs = SessionState.objects.live().filter(tenant=world.north).order_by("-pk")
        assert ids == [encode_id(Prefix.SESSION, pk) for pk in theirs.values_list("pk", flat=True)]
        assert len(ids) > 5
        everything = taken(browser, SESSIONS, "csv", all="on")
        assert world.lisa.session_id not in {row["id"] for row in everything}
        assert {row["tenant"] for row in everything} >= {"north", "south"}

    def test_contains_no_credentials_and_is_recorded(self, world: World):
        browser = Browser(world.north_admin)
        rows = taken(browser, SESSIONS, device="desktop")
        entry = AuditEntry.objects.order_by("-pk").first()
        assert entry.action == "session.exported"
        filtered = {"device": "desktop", "state": "live", "tenant": world.north.handle}
        assert entry.changes == {"format": "jsonl", "filter": filtered}
        assert not any("digest" in name or "key" in name for name in rows[0])

    def test_selected_sessions_are_named_in_the_audit_entry(self, world: World):
        create_sessions(world.ada, 99)
        handles = [session.handle for session in Session.objects.filter(user=world.ada.user)]
        rows = taken(Browser(world.north_admin), SESSIONS, session=handles)
        assert {row["id"] for row in rows} == set(handles)
        entry = AuditEntry.objects.order_by("-pk").first()
        assert sorted(entry.changes["filter"]["sessions"]) == sorted(handles)

    def test_sessions_of_staff_have_no_tenant(self, world: World):
        rows = taken(Browser(world.acme_partner), SESSIONS, user=world.acme_partner.user.email)
        assert {(row["tenant_id"], row["tenant"]) for row in rows} == {(None, None)}

    def test_tenant_out_of_scope_is_400(self, world: World):
        browser = Browser(world.north_admin)
        browser.open(SESSIONS)
        browser.send(f"{SESSIONS}export/", format="csv", tenant="springfield")
        assert browser.status == 400


class TestAuditPage:
    @cells(
        "asked",
        [
            {"action": "tenant.created"},
            {"result": "denied"},
            {"actor": "nobody@nowhere.example"},
            {"resource": "NORTH"},
            {"tenant": "NORTH"},
            {"since": "2001-01-01", "until": "2001-12-31"},
        ],
        ids=lambda asked: "-".join(asked),
    )
    def test_is_filtered_by_every_filter(self, asked: dict[str, str], world: World):
        asked = {name: value.replace("NORTH", world.north.handle) for name, value in asked.items()}
        browser = Browser(world.super_admin)
        browser.open(RECORD)
        assert "partner.created" in browser.text
        text = browser.open(RECORD, **asked)
        within = text.partition("JSON Lines")[2]
        assert "partner.created" not in within
        if "action" in asked or "resource" in asked or "tenant" in asked:
            assert "tenant.created" in within

    @cells("asked", ["actor", "q"])
    def test_email_matches_in_any_case(self, asked: str, world: World):
        browser = Browser(world.super_admin)
        browser.open(f"/console/users/{world.ada.user.handle}/suspend/")
        browser.send(f"/console/users/{world.ada.user.handle}/suspend/", version=world.ada.user.version, at_most="1")
        text = browser.open(RECORD, **{asked: world.super_admin.user.email.upper()})
        assert "user.suspended" in text.partition("JSON Lines")[2]

    def test_one_day_range_includes_the_whole_day(self, world: World):
        today = f"{AuditEntry.objects.first().created_at:%Y-%m-%d}"
        browser = Browser(world.super_admin)
        assert "partner.created" in browser.open(RECORD, since=today, until=today).partition("JSON Lines")[2]

    @cells(
        "asked",
        [
            {"since": "yesterday"},
            {"until": "9999-12-31"},
            {"action": "user.exploded"},
            {"result": "maybe"},
            {"tenant": "north"},
        ],
        ids=lambda asked: "-".join(asked),
    )
    def test_invalid_filter_is_explained(self, asked: dict[str, str], world: World):
        browser = Browser(world.super_admin)
        browser.open(RECORD, **asked)
        assert browser.status == 200
        assert 'role="alert"' in browser.html
        assert "Nothing to show." in browser.text

    def test_link_continues_after_the_scan_limit(self, world: World, monkeypatch: pytest.MonkeyPatch):
        record(Action.USER_UPDATED, actor=SYSTEM, tenant_id=world.north.pk)
        for _ in range(6):
            record(Action.USER_SUSPENDED, actor=SYSTEM, tenant_id=world.north.pk)
        monkeypatch.setattr(log_export, "SCAN_LIMIT", 4)
        browser = Browser(world.super_admin)
        text = browser.open(RECORD, action="user.updated")
        assert "No match so far." in text
        assert "Search further" in text
        onward = browser.html.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        found = browser.open(RECORD + onward.replace("&amp;", "&"))
        assert "user.updated" in found.partition("JSON Lines")[2]

    def test_integrity_is_shown_to_super_admins_only(self, world: World):
        assert "Audit log integrity: OK" in Browser(world.super_admin).open(RECORD)
        assert "Audit log integrity" not in Browser(world.acme_partner).open(RECORD)
