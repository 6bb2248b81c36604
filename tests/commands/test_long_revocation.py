"""revoke_sessions with very many sessions: confirmation, interruption, and continuation after a crash."""

import json
import os
import pty
import signal
import sys
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEntry
from sessions_app.management.commands.revoke_sessions import SELECTION_OPTIONS
from sessions_app.models import Revocation, Session, SessionState
from sessions_app.operations import bulk_revocation
from sessions_app.selection import Selection
from tests.commands.many_sessions import aged, create_sessions, update_session
from tests.commands.run_command import result_of, run_command, start_command
from tests.world import SYSTEM, World

HOUR = timedelta(hours=1)
MANY, SOME = 10_000, 6_000
WHY = ("--reason", "laptop stolen")


def looks(world: World) -> tuple[str, ...]:
    return ("revoke_sessions", "--tenant", world.north.handle, "--user-agent", "chrome", *WHY)


def job(world: World) -> Revocation | None:
    return Revocation.objects.filter(tenant_id=world.north.pk, reach="selection").first()


def until_it_runs(world: World, process: Any) -> None:
    """Some batches are done, and not all."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        begun = job(world)
        if begun and begun.swept_count:
            assert begun.swept_at is None
            return
        time.sleep(0.01)
    raise AssertionError(f"it did not begin: {process.communicate()}")


class TestConfirmation:
    """The `hands` fixture answers the question in place of an operator."""

    @pytest.mark.parametrize("answer", ["y", "yes", " Y ", "YES"])
    def test_yes_revokes_the_sessions(self, answer: str, world: World, hands: Any):
        world.ada, world.alan  # noqa: B018 - they sign in
        hands(answer)
        said = run_command(*looks(world))
        assert (said.code, said.out.startswith("2 sessions revoked by rev_")) == (0, True)
        assert world.ada.get("/api/v1/me").status_code == 401

    @pytest.mark.parametrize("answer", ["", "n", "no", "ja", "2", None])
    def test_any_other_answer_revokes_nothing_with_exit_code_3(self, answer: str | None, world: World, hands: Any):
        assert world.ada.get("/api/v1/me").status_code == 200
        hands(answer)
        said = run_command(*looks(world))
        assert (said.code, said.out, said.err) == (3, "", "Nothing was revoked.\n")
        assert world.ada.get("/api/v1/me").status_code == 200
        assert job(world) is None

    @pytest.mark.parametrize(
        ("named", "question"),
        [
            (["--tenant", "north", "--device", "desktop"], "Revoke 3 sessions now? [y/N] "),
            (["--tenant", "north"], "Revoke 3 sessions now? [y/N] "),
            (["--user", "alan@north.example", "--tenant", "north"], "Revoke 1 session now? [y/N] "),
        ],
    )
    def test_question_contains_the_number_of_sessions(self, named, question, world: World, hands: Any, capsys: Any):
        world.ada, world.alan, world.signed_in(world.ada.user)
        hands("n")
        assert run_command("revoke_sessions", *named, *WHY).code == 3
        assert capsys.readouterr() == ("", question)

    @pytest.mark.parametrize("named", [["--tenant", "north", "--device", "desktop"], ["--tenant", "north"]])
    @pytest.mark.parametrize(("again", "code", "status"), [("y", 0, 401), ("n", 3, 200)])
    def test_question_is_repeated_when_more_sessions_match_by_then(
        self, named, again, code, status, world, hands, capsys
    ):
        hands(lambda: world.signed_in(world.ada.user) and "y", again)
        assert world.ada.get("/api/v1/me").status_code == 200
        said = run_command("revoke_sessions", *named, *WHY)
        assert (said.code, "More sessions match now." in said.err) == (code, True)
        assert capsys.readouterr().err == "Revoke 1 session now? [y/N] Revoke 2 sessions now? [y/N] "
        assert world.ada.get("/api/v1/me").status_code == status
        assert SessionState.objects.live().filter(user=world.ada.user).count() == (0 if status == 401 else 2)

    def test_session_opened_during_the_run_is_not_revoked(self, world: World, monkeypatch: Any):
        monkeypatch.setattr(bulk_revocation, "BATCH", 1)
        world.ada, world.alan  # noqa: B018 - they sign in
        selection = Selection.from_options({**dict.fromkeys(SELECTION_OPTIONS), "tenant": "north", "device": "desktop"})
        late: list[Any] = []

        def told(ended: int) -> None:
            """Somebody whose sign-in had begun before, and is through only now."""
            if not late:
                begun = world.alan.session.created_at
                late.append(update_session(world.signed_in(world.person("late", world.north)), created_at=begun))

        with pytest.raises(bulk_revocation.MoreThanConfirmed):
            bulk_revocation.revoke_selected(selection, actor=SYSTEM, reason="test", at_most=2, on_progress=told)
        alive = [caller.get("/api/v1/me").status_code for caller in (world.ada, world.alan, *late)]
        assert alive == [401, 401, 200]
        assert bulk_revocation.count(selection, reason="test") == 1

    def test_only_the_result_is_on_standard_output(self, committed_world: World):
        committed_world.ada, committed_world.alan  # noqa: B018 - they sign in
        keyboard, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (24, 100))
        running = start_command(*looks(committed_world), "--json", stdin=terminal, stderr=terminal)
        os.close(terminal)
        shown = until(keyboard, "Revoke 2 sessions now? [y/N] ")
        os.write(keyboard, b"y\n")
        out, _ = running.communicate(timeout=30)
        assert (running.returncode, json.loads(out)["revoked_count"]) == (0, 2)
        assert "sessions/s" in shown + until(keyboard, None)


class TestWithoutTerminal:
    def test_missing_yes_option_revokes_nothing_with_exit_code_2(self, committed_world: World):
        assert committed_world.ada.get("/api/v1/me").status_code == 200
        said = result_of(start_command(*looks(committed_world)), "y\n")
        assert (said.code, said.out) == (2, "")
        assert said.err == "CommandError: Not a terminal, so this cannot ask for confirmation. Use --yes to skip it.\n"
        assert committed_world.ada.get("/api/v1/me").status_code == 200

    def test_no_progress_bar_is_drawn(self, committed_world: World):
        assert committed_world.ada.get("/api/v1/me").status_code == 200
        said = result_of(start_command(*looks(committed_world), "--yes"))
        assert (said.code, said.err) == (0, "")

    def test_unknown_option_is_a_usage_error(self, django_db_setup: None):
        said = result_of(start_command("revoke_sessions", "--everything"))
        assert (said.code, said.out) == (2, "")


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is typed at the terminal: lines, what happens before a line, None for Ctrl-C."""

    class Keyboard(StringIO):
        answers: list[Any] = []

        def isatty(self) -> bool:
            return True

        def readline(self, size: int | None = -1) -> str:
            answer = self.answers.pop(0)
            if answer is None:
                raise KeyboardInterrupt
            return f"{answer() if callable(answer) else answer}\n"

    keyboard = Keyboard()
    monkeypatch.setattr(sys, "stdin", keyboard)
    return lambda *answers: setattr(keyboard, "answers", list(answers))


def until(terminal: int, words: str | None) -> str:
    """What is shown there up to these words, or to the end."""
    shown = ""
    while words is None or words not in shown:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # the other side is closed
            break
    return shown


def fill(world: World, count: int) -> World:
    """So many of Ada's match. Alan has a few that look otherwise, Lisa lives elsewhere."""
    create_sessions(world.ada, count - 1)
    create_sessions(world.alan, 3, user_agent="curl/8.5.0")
    update_session(world.alan, user_agent="curl/8.5.0")
    assert world.lisa.get("/api/v1/me").status_code == 200
    return world


def test_killed_command_is_completed_by_repeating_it(committed_world: World):
    many = fill(committed_world, MANY)
    running = start_command(*looks(many), "--yes")
    until_it_runs(many, running)
    running.kill()
    assert result_of(running).code == -signal.SIGKILL
    begun = job(many)
    assert 0 < begun.revoked_count < MANY
    assert Session.objects.filter(revocation=begun).count() == begun.revoked_count

    late = many.signed_in(many.ada.user)
    said = result_of(start_command(*looks(many), "--yes", "--json"))
    assert said.err.endswith("1 session started to match meanwhile. Run the same command again to revoke them.\n")
    assert (said.code, said.json) == (
        0,
        {"revocation_id": begun.handle, "revoked_count": MANY, "is_finished": True},
    )
    assert Session.objects.filter(revocation=begun).count() == MANY
    assert job(many).swept_at is not None
    entries = AuditEntry.objects.filter(resource_id=begun.handle).order_by("number")
    assert [entry.changes["revoked_count"] for entry in entries] == [0, MANY]
    for caller, status in ((many.ada, 401), (late, 200), (many.alan, 200), (many.lisa, 200)):
        assert caller.get("/api/v1/me").status_code == status
    assert SessionState.objects.live().filter(user=many.alan.user).count() == 4


@pytest.mark.parametrize("step", ["_next", "_revoke_batch", "_finish"])
def test_command_interrupted_at_any_step_is_completed_by_repeating_it(
    step: str, world: World, monkeypatch: pytest.MonkeyPatch
):
    """Interrupted before the first batch, during one, and before the final record."""

    def cut(*_: Any, **__: Any) -> None:
        raise SystemExit

    opened = [world.signed_in(world.person("ada", world.north)) for _ in range(3)]
    with monkeypatch.context() as short:
        short.setattr(bulk_revocation, step, cut)
        with pytest.raises(SystemExit):
            run_command(*looks(world), "--yes")
    begun = job(world)
    assert begun.swept_at is None
    assert run_command(*looks(world), "--yes").out == f"3 sessions revoked by {begun.handle}.\n"
    assert [caller.get("/api/v1/me").status_code for caller in opened] == [401] * 3
    entries = AuditEntry.objects.filter(resource_id=begun.handle).order_by("number")
    assert [entry.changes["revoked_count"] for entry in entries] == [0, 3]


def test_continued_job_asks_about_the_remaining_sessions(
    world: World, monkeypatch: pytest.MonkeyPatch, hands: Any, capsys: Any
):
    opened = [aged(world.signed_in(world.person("ada", world.north)), 2 * HOUR) for _ in range(3)]
    with monkeypatch.context() as short:
        short.setattr(bulk_revocation, "_finish", lambda *_, **__: sys.exit())
        short.setattr(bulk_revocation, "_next", lambda *given: [opened[0].session.pk] if given[2] is None else [])
        with pytest.raises(SystemExit):
            run_command(*looks(world), "--yes")
    Revocation.objects.filter(pk=job(world).pk).update(created_at=job(world).created_at - HOUR)
    late = world.signed_in(world.person("ada", world.north))
    hands("y")
    said = run_command(*looks(world))
    assert said.err.splitlines() == [
        f"Continuing {job(world).handle}, which has already revoked 1.",
        "1 session started to match meanwhile. Run the same command again to revoke them.",
    ]
    assert capsys.readouterr().err == "Revoke 2 more sessions now? [y/N] "
    assert (said.code, job(world).revoked_count) == (0, 3)
    assert late.get("/api/v1/me").status_code == 200


def test_two_commands_started_together_create_one_job(committed_world: World, monkeypatch: pytest.MonkeyPatch):
    """Without a lock, each would look for a job before the other has written one."""
    real = bulk_revocation.unfinished

    def slowly(*given: Any, **named: Any) -> Revocation | None:
        found = real(*given, **named)
        time.sleep(0.3)
        return found

    def run(_: int) -> str:
        try:
            return run_command(*looks(committed_world), "--yes").out
        finally:
            connection.close()

    assert committed_world.ada.session
    monkeypatch.setattr(bulk_revocation, "unfinished", slowly)
    with ThreadPoolExecutor(2) as pool:
        assert "1 session revoked by" in "".join(pool.map(run, range(2)))
    assert Revocation.objects.filter(tenant_id=committed_world.north.pk).count() == 1


def test_interrupted_command_says_how_to_continue(committed_world: World):
    many = fill(committed_world, MANY)
    running = start_command(*looks(many), "--yes", "--json")
    until_it_runs(many, running)
    running.send_signal(signal.SIGINT)
    said = result_of(running)
    begun = job(many)
    assert (said.code, said.err) == (4, "CommandError: Interrupted. Run the same command again to finish.\n")
    assert said.json == {
        "revocation_id": begun.handle,
        "revoked_count": begun.revoked_count,
        "is_finished": False,
    }
    again = run_command(*looks(many), "--yes")
    assert again.out == f"{MANY:,} sessions revoked by {begun.handle}.\n"
    assert again.err == f"Continuing {begun.handle}, which has already revoked {begun.revoked_count:,}.\n"


def test_two_concurrent_commands_share_one_job(committed_world: World):
    many = fill(committed_world, SOME)
    running = [start_command(*looks(many), "--yes") for _ in range(2)]
    said = [result_of(process) for process in running]
    revocation = job(many)
    assert {each.out for each in said} <= {f"{SOME:,} sessions revoked by {revocation.handle}.\n"}
    assert {each.code for each in said} <= {0, 1}
    assert Revocation.objects.filter(tenant_id=many.north.pk).count() == 1
    assert (revocation.revoked_count, revocation.swept_count) == (SOME, SOME)
    assert AuditEntry.objects.filter(resource_id=revocation.handle).count() == 2
