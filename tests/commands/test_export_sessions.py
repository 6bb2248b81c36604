"""export_sessions: complete rows without credentials, and CSV cells that no spreadsheet executes."""

import csv
import json
import os
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from core.spreadsheets import LINES
from sessions_app import operations
from sessions_app.models import RevocationScope, Session
from tests.cells import cells
from tests.commands.many_sessions import create_sessions, update_session
from tests.commands.run_command import Result, run_command, start_command
from tests.world import CHROME, SYSTEM, Caller, World

COLUMNS = [
    *("id", "status", "user_id", "user_email", "tenant_id", "tenant", "partner_id", "role", "auth_method"),
    *("application_id", "ip_address", "last_ip_address", "user_agent", "browser", "os", "device_type"),
    *("location", "country", "created_at", "last_activity_at", "expires_at"),
    *("revoked_at", "revoked_by", "revoke_reason", "revocation_id"),
]
Rows = list[dict[str, Any]]


def export(world: World, file_format: str, *more: str) -> Result:
    return run_command("export_sessions", "--format", file_format, "--tenant", world.north.handle, *more)


def from_csv(text: str) -> Rows:
    return list(csv.DictReader(StringIO(text, newline="")))


def from_jsonl(text: str) -> Rows:
    return [json.loads(line) for line in text.splitlines()]


READ = {"csv": from_csv, "jsonl": from_jsonl}
each_format = pytest.mark.parametrize("file_format", READ)


class TestExportedRows:
    @each_format
    def test_contain_every_session_of_the_tenant_oldest_first(self, file_format: str, world: World):
        opened = [world.ada, world.alan, world.signed_in(world.ada.user)]
        assert world.lisa.session
        rows = READ[file_format](export(world, file_format).out)
        assert [row["id"] for row in rows] == [caller.session_id for caller in opened]
        assert all(list(row) == COLUMNS for row in rows)

    def test_have_every_field_of_the_session(self, world: World):
        update_session(world.ada, location="London, United Kingdom", country="GB", auth_method="mfa")
        session = Session.objects.get(pk=world.ada.session.pk)
        [row] = from_jsonl(export(world, "jsonl").out)
        moments = {name: row.pop(name) for name in ("created_at", "last_activity_at", "expires_at")}
        assert moments == {name: getattr(session, name).isoformat().replace("+00:00", "Z") for name in moments}
        assert row == {
            **dict.fromkeys(["revoked_at", "revocation_id"]),
            "location": "London, United Kingdom",
            "country": "GB",
            "id": world.ada.session_id,
            "status": "ACTIVE",
            "user_id": world.ada.user.handle,
            "user_email": "ada@north.example",
            "tenant_id": world.north.handle,
            "tenant": "north",
            "partner_id": world.acme.handle,
            "role": "user",
            "auth_method": "mfa",
            "application_id": None,
            "ip_address": "192.0.2.10",
            "last_ip_address": "192.0.2.10",
            "user_agent": CHROME,
            "browser": "Chrome",
            "os": "Linux",
            "device_type": "desktop",
            "revoked_by": "",
            "revoke_reason": "",
        }

    def test_have_actor_reason_and_id_of_the_revocation(self, world: World):
        ended = operations.revoke(Session.objects.filter(pk=world.ada.session.pk), actor=SYSTEM, reason="laptop stolen")
        [row] = from_csv(export(world, "csv").out)
        told = [row[name] for name in ("status", "revoked_by", "revoke_reason", "revocation_id")]
        assert told == ["REVOKED", "system:tests", "laptop stolen", ended.revocation.handle]
        assert row["revoked_at"] == Session.objects.get(pk=world.ada.session.pk).revoked_at.isoformat().replace(
            "+00:00", "Z"
        )

    @cells(
        ("status", "found"),
        [
            ([], {"live", "revoked", "fallen", "lapsed", "expired"}),
            (["--status", "active"], {"live"}),
            (["--status", "revoked"], {"revoked", "fallen"}),
            (["--status", "expired"], {"lapsed", "expired"}),
        ],
    )
    def test_are_filtered_by_status(self, status: list[str], found: set[str], world: World):
        """Sessions match whether or not their end has been written to the row yet."""
        grace = world.person("grace", world.north)
        sessions = {name: world.signed_in(grace) for name in ("revoked", "fallen", "lapsed", "expired")}
        long_ago = {"last_activity_at": timezone.now() - timedelta(days=60)}
        operations.revoke(Session.objects.filter(pk=sessions["revoked"].session.pk), actor=SYSTEM, reason="test")
        update_session(sessions["expired"], **long_ago, due_at=timezone.now())
        operations.expire(actor=SYSTEM)
        update_session(sessions["lapsed"], **long_ago, due_at=timezone.now())
        application = world.make_service("wiki", [])
        update_session(sessions["fallen"], application=application)
        operations.revoke_scope(RevocationScope.APPLICATION, application.pk, actor=SYSTEM, reason="test")
        sessions["live"] = world.signed_in(grace)
        named = {caller.session_id: name for name, caller in sessions.items()}
        assert {named[row["id"]] for row in from_csv(export(world, "csv", *status).out)} == found

    def test_contain_every_tenant_unless_some_are_given(self, world: World):
        people = {each.session_id: each.user.email for each in (world.ada, world.katherine, world.lisa)}
        for named, found in (
            ([], 3),
            (["--tenant", "north", "--tenant", "south"], 2),
            (["--tenant", "springfield"], 1),
        ):
            rows = from_csv(run_command("export_sessions", "--format", "csv", *named).out)
            assert len({row["id"] for row in rows} & people.keys()) == found

    @each_format
    def test_contain_no_credentials_or_digests(self, file_format: str, world: World):
        given = world.nobody.post("/api/v1/auth/refresh", {"refresh_token": world.ada.refresh_token}).json()["data"][
            "refresh_token"
        ]
        row = Session.objects.get(pk=world.ada.session.pk)
        out = export(world, file_format).out.lower()
        assert world.ada.session_id in out
        for digest in (row.refresh_digest, row.spent_refresh_digest):
            assert bytes(digest).hex() not in out
        assert not any(secret.lower() in out for secret in (world.ada.token, world.ada.refresh_token, given))
        assert "digest" not in out


class TestCsvEscaping:
    @cells("begins", ["=", "+", "-", "@", "\t", "\r"])
    def test_formula_is_escaped(self, begins: str, world: World):
        wicked = f'{begins}HYPERLINK("http://evil.example";"log in")'
        update_session(world.ada, user_agent=wicked, location=wicked, revoke_reason=wicked)
        [row] = from_csv(export(world, "csv").out)
        assert [row[name] for name in ("user_agent", "location", "revoke_reason")] == [f"'{wicked}"] * 3

    @cells("harmless", ["Mozilla/5.0 (a=b)", "1+1", "'quoted'", " =1", ""])
    def test_harmless_text_is_unchanged(self, harmless: str, world: World):
        update_session(world.ada, user_agent=harmless)
        [row] = from_csv(export(world, "csv").out)
        assert row["user_agent"] == harmless

    @cells("odd", ['a "b", c', "one\r\ntwo", "one\ntwo", "ünïcödé 日本", ",", '"'])
    def test_quotes_commas_and_line_breaks_are_preserved(self, odd: str, world: World):
        update_session(world.ada, user_agent=odd)
        for file_format, read in READ.items():
            [row] = read(export(world, file_format).out)
            assert row["user_agent"] == odd

    def test_csv_lines_end_with_crlf(self, world: World):
        assert world.ada.session
        out = export(world, "csv").out
        assert out.count("\r\n") == out.count("\n") == 2
        assert export(world, "jsonl").out.count("\n") == 1

    def test_json_is_not_escaped(self, world: World):
        """JSON Lines is read by programs, which need the original value."""
        update_session(world.ada, user_agent="=1+1")
        assert from_jsonl(export(world, "jsonl").out)[0]["user_agent"] == "=1+1"


class TestExportAudit:
    def test_entry_is_written_before_the_first_row(self, world: World):
        assert world.ada.session
        export(world, "csv", "--status", "active")
        entry = AuditEntry.objects.get(action="session.exported", tenant_id=world.north.pk)
        assert (entry.actor_id, entry.partner_id) == ("system:export_sessions", world.acme.pk)
        assert entry.changes == {"format": "csv", "status": "active", "tenants": [world.north.handle]}

    def test_export_of_several_tenants_is_recorded_in_the_platforms_chain(self, world: World):
        run_command("export_sessions", "--format", "csv", "--tenant", "north", "--tenant", "south")
        entry = AuditEntry.objects.filter(action="session.exported").latest("created_at")
        assert (entry.tenant_id, entry.changes["tenants"]) == (None, [world.north.handle, world.south.handle])


class TestOutputFile:
    def test_is_readable_by_its_owner_only(self, world: World, tmp_path: Path):
        assert world.ada.session
        file = tmp_path / "sessions.csv"
        said = export(world, "csv", "--output", str(file))
        assert (said.code, said.out) == (0, f"1 session written to {file}.\n")
        assert from_csv(file.read_bytes().decode())[0]["id"] == world.ada.session_id
        assert file.stat().st_mode & 0o777 == 0o600
        assert os.listdir(tmp_path) == ["sessions.csv"]

    def test_is_not_replaced_by_an_incomplete_export(
        self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        def fail(*_: Any) -> None:
            raise KeyboardInterrupt

        file = tmp_path / "sessions.csv"
        file.write_text("yesterday's")
        monkeypatch.setitem(LINES, "csv", fail)
        said = export(world, "csv", "--output", str(file))
        assert (said.code, said.err) == (4, "Interrupted. The output is incomplete.\n")
        assert (file.read_text(), os.listdir(tmp_path)) == ("yesterday's", ["sessions.csv"])

    @pytest.mark.parametrize("where", ["", ".", "nowhere/sessions.csv", "/dev/null"])
    def test_invalid_path_is_a_usage_error(
        self, where: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.chdir(tmp_path)
        assert export(world, "csv", "--output", where).code == 2
        assert Path("/dev/null").is_char_device()
        assert not AuditEntry.objects.filter(action="session.exported", tenant_id=world.north.pk).exists()


@cells(
    ("arguments", "why"),
    [
        (["--format", "csv", "--tenant", "nowhere"], "No tenant nowhere"),
        (["--format", "csv", "--tenant", ""], "The name of the tenant is empty"),
    ],
)
def test_unknown_tenant_or_format_is_a_usage_error(arguments: list[str], why: str, world: World):
    said = run_command("export_sessions", *arguments)
    assert (said.code, said.out) == (2, "")
    assert why in said.err


TELLING_ITS_PEAK = [
    "-c",
    "import atexit, pathlib, runpy, sys\n"
    "atexit.register(lambda: print(pathlib.Path('/proc/self/status').read_text()))\n"
    "sys.argv[0] = 'manage.py'\n"
    "runpy.run_path('manage.py', run_name='__main__')",
]


class TestLargeExport:
    """Exports 20,000 sessions and measures the memory of the process."""

    def test_memory_use_does_not_grow_with_the_number_of_sessions(self, committed_world: World, tmp_path: Path):
        create_sessions(committed_world.katherine, 2_000)
        create_sessions(committed_world.ada, 20_000)
        few, many = tmp_path / "few.csv", tmp_path / "many.csv"
        peaks = [self.peak(committed_world.katherine, few), self.peak(committed_world.ada, many)]
        assert [len(from_csv(file.read_text())) for file in (few, many)] == [2_001, 20_001]
        assert peaks[1] - peaks[0] < 8 * 1024

    def peak(self, caller: Caller, file: Path) -> int:
        """The most it ever held, in KiB, as the kernel tells the process itself when it is done."""
        given = ["--format", "csv", "--tenant", caller.user.tenant.handle, "--output", str(file)]
        with start_command("export_sessions", *given, by=TELLING_ITS_PEAK) as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        return int(re.findall(r"^VmHWM:\s+(\d+) kB", out, re.MULTILINE)[0])

    def test_closed_pipe_ends_the_command_quietly(self, committed_world: World):
        create_sessions(committed_world.ada, 2_000)
        with start_command("export_sessions", "--format", "jsonl", "--tenant", committed_world.north.handle) as running:
            assert json.loads(running.stdout.readline())
            running.stdout.close()
            assert (running.wait(timeout=30), running.stderr.read()) == (141, "")
