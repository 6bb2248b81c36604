"""The options of revoke_sessions, tested by dry runs that revoke nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app.models import Revocation, Session, SessionState
from tests.commands.many_sessions import aged, update_session
from tests.commands.run_command import Result, run_command
from tests.world import Caller, World, some_id

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1"
)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PEOPLE = ("ada", "alan", "katherine", "lisa", "north_admin", "acme_partner", "super_admin")


class Crowded(World):
    """Everybody signed in once, and Ada in many likenesses."""

    def __init__(self, suffix: str = "") -> None:
        super().__init__(suffix)
        ada = self.person("ada", self.north)
        self.callers: dict[str, Caller] = {
            "abroad": update_session(self.signed_in(ada, ip_address="198.51.100.7"), country="SE"),
            "busy": aged(self.signed_in(ada), 8 * DAY),
            "moved": update_session(self.signed_in(ada), last_ip_address="203.0.113.9"),
            "old": aged(self.signed_in(ada), 8 * DAY),
            "phone": self.signed_in(ada, user_agent=PHONE),
            "resting": aged(self.signed_in(ada), 13 * HOUR),
            "roaming": self.signed_in(ada, ip_address="2001:db8::5"),
        }
        update_session(self.callers["old"], idle_limit=90 * DAY)
        update_session(self.callers["busy"], last_activity_at=self.callers["busy"].session.last_activity_at)
        self.likenesses = set(self.callers)
        self.callers |= {name: getattr(self, name) for name in PEOPLE if name != "ada"}
        self.names = {caller.session_id: name for name, caller in self.callers.items()}
        self.wiki = self.make_service("wiki", [])
        update_session(self.callers["lisa"], application=self.wiki)


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker) -> Iterator[Crowded]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Crowded.commit("-crowded")
        transaction.set_rollback(True)


@pytest.fixture
def crowded(once: Crowded, db: None) -> Crowded:
    return once


def look(*arguments: str) -> Result:
    return run_command("revoke_sessions", *arguments, "--reason", "laptop stolen", "--dry-run")


def matching(crowded: Crowded, *arguments: str) -> set[str]:
    said = look(*arguments, "--json")
    assert said.code == (0 if said.json["count"] else 1)
    shown = {crowded.names.get(each["id"], "somebody else") for each in said.json["sample"]}
    assert said.json["count"] == len(said.json["sample"]) == len(shown)
    return shown


class TestScopeOptions:
    @pytest.mark.parametrize(
        ("named", "found"),
        [
            (["--user", "{alan.user.handle}"], {"alan"}),
            (["--user", "alan@north-crowded.example", "--tenant", "north-crowded"], {"alan"}),
            (["--user", " Alan@North-crowded.example", "--tenant", "{north.handle}"], {"alan"}),
            (["--tenant", "south-crowded"], {"katherine"}),
            (["--tenant", "{south.handle}"], {"katherine"}),
            (["--partner", "globex-crowded"], {"lisa"}),
            (["--partner", "{globex.handle}"], {"lisa"}),
            (["--partner", "{acme.handle}", "--admins"], {"north_admin", "acme_partner"}),
            (["--tenant", "{north.handle}", "--admins"], {"north_admin"}),
            (["--tenant", "{north.handle}", "--partner", "{acme.handle}", "--admins"], {"north_admin"}),
            (["--tenant", "{north.handle}", "--partner", "{globex.handle}"], set()),
            (["--application", "{wiki.handle}"], {"lisa"}),
            (["--application", "wiki", "--tenant", "{springfield.handle}"], {"lisa"}),
            (["--application", "wiki", "--tenant", "{north.handle}"], set()),
            (["--session", "{alan.session_id}", "--session", "{lisa.session_id}"], {"alan", "lisa"}),
            (["--session", "{alan.session_id}", "--session", "{alan.session_id}"], {"alan"}),
            (["--session", "{alan.session_id}", "--tenant", "{south.handle}"], set()),
        ],
    )
    def test_match_every_session_of_the_scope_and_no_other(self, named: list[str], found: set[str], crowded: Crowded):
        assert matching(crowded, *spelled(crowded, named)) == found

    def test_all_matches_every_live_session(self, crowded: Crowded):
        count = look("--all", "--json").json["count"]
        assert count == SessionState.objects.live().count() >= len(crowded.callers)

    def test_admins_matches_admin_sessions_only(self, crowded: Crowded):
        before = look("--admins", "--json").json["count"]
        with transaction.atomic():
            crowded.signed_in(crowded.alan.user)
            crowded.signed_in(crowded.north_admin.user)
            assert look("--admins", "--json").json["count"] == before + 1
            transaction.set_rollback(True)


class TestFilterOptions:
    @pytest.mark.parametrize(
        ("looks", "found"),
        [
            (["--ip", "198.51.100.7"], {"abroad"}),
            (["--ip", "198.51.100.0/24"], {"abroad"}),
            (["--ip", "198.51.0.0/16"], {"abroad"}),
            (["--ip", "2001:db8::/32"], {"roaming"}),
            (["--ip", "::ffff:198.51.100.7"], {"abroad"}),
            (["--ip", "203.0.113.9"], {"moved"}),
            (["--ip", "0.0.0.0/0"], {"abroad", "busy", "moved", "old", "phone", "resting"}),
            (["--device", "mobile"], {"phone"}),
            (["--country", "SE"], {"abroad"}),
            (["--country", "se"], {"abroad"}),
            (["--user-agent", "iPhone OS 18_6"], {"phone"}),
            (["--user-agent", "IPHONE"], {"phone"}),
            (["--user-agent", "%"], set()),
            (["--user-agent", "Mozilla_5"], set()),
            (["--older-than", "7d"], {"busy", "old"}),
            (["--older-than", "1w"], {"busy", "old"}),
            (["--older-than", "30d"], set()),
            (["--idle-for", "12h"], {"old", "resting"}),
            (["--idle-for", "12h", "--older-than", "2h"], {"old", "resting"}),
            (["--idle-for", "12h", "--older-than", "6d"], {"old"}),
            (["--device", "desktop", "--country", "SE"], {"abroad"}),
            (["--device", "mobile", "--country", "SE"], set()),
        ],
    )
    def test_limit_the_scope(self, looks: list[str], found: set[str], crowded: Crowded):
        ada = crowded.callers["phone"].user
        assert matching(crowded, "--user", ada.handle, *looks) == found

    def test_limit_the_whole_platform_with_all(self, crowded: Crowded):
        assert matching(crowded, "--all", "--country", "SE") == {"abroad"}


class TestInvalidSelection:
    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            ([], "Name a scope"),
            (["--device", "mobile"], "Name a scope"),
            (["--ip", "192.0.2.10", "--older-than", "1d"], "Name a scope"),
            (["--all", "--tenant", "north-crowded"], "--all means every session"),
            (["--all", "--admins"], "--all means every session"),
            (["--all", "--session", "{alan.session_id}"], "--all means every session"),
            (["--tenant", ""], "--tenant is empty"),
            (["--user", ""], "--user is empty"),
            (["--session", ""], "The session ID is empty"),
            (["--tenant", "north-crowded", "--ip", ""], "--ip is empty"),
            (["--tenant", "north-crowded", "--user-agent", ""], "--user-agent is empty"),
            (["--tenant", "north-crowded", "--older-than", ""], "--older-than is empty"),
            (["--tenant", "nowhere"], "No tenant nowhere"),
            (["--tenant", "{acme.handle}"], "No tenant prt_"),
            (["--partner", "north-crowded"], "No partner north-crowded"),
            (["--application", "nothing"], "No application nothing"),
            (["--user", "ada@north-crowded.example"], "may exist in several tenants; add --tenant"),
            (
                ["--user", "ada@north-crowded.example", "--tenant", "south-crowded"],
                "No user ada@",
            ),
            (["--user", "{alan.user.handle}", "--tenant", "south-crowded"], "No user usr_"),
            (["--session", "{alan.session_id}", "--session", "{nothing}"], "No session ses_"),
            (["--session", "{alan.user.handle}"], "No session usr_"),
            (["--all", "--ip", "192.0.2"], "is not a valid IP address or CIDR"),
            (["--all", "--ip", "192.0.2.10/8"], "use 192.0.0.0/8"),
            (["--all", "--ip", "192.0.2.0/33"], "is not a valid IP address or CIDR"),
            (["--all", "--country", "Sweden"], "is not a country code"),
            (["--all", "--country", "S1"], "is not a country code"),
            (["--all", "--device", "toaster"], "is not a device type"),
            (["--all", "--older-than", "7"], "is not a duration"),
            (["--all", "--older-than=-7d"], "is not a duration"),
            (["--all", "--older-than", "7 days"], "is not a duration"),
            (["--all", "--older-than", "999999999d"], "too long"),
            (["--all", "--idle-for", "٣d"], "is not a duration"),
        ],
    )
    def test_is_a_usage_error_with_the_reason(self, arguments: list[str], why: str, crowded: Crowded):
        said = look(*spelled(crowded, arguments))
        assert (said.code, said.out) == (2, "")
        assert why in said.err

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
    def test_missing_or_too_long_reason_is_a_usage_error(self, reason: str, crowded: Crowded):
        said = run_command("revoke_sessions", "--user", crowded.alan.user.handle, "--reason", reason, "--yes")
        assert (said.code, said.err) == (2, "--reason must have 1 to 200 characters.\n")


class TestDryRun:
    def test_changes_nothing(self, crowded: Crowded):
        def rows() -> list[Any]:
            sessions = list(Session.objects.order_by("pk").values())
            return [sessions, Revocation.objects.count(), AuditEntry.objects.count()]

        before = rows()
        for arguments in (["--all"], ["--tenant", "north-crowded"], ["--all", "--device", "desktop"]):
            assert look(*arguments).code == 0
        assert rows() == before

    def test_counts_by_tenant_device_and_age(self, crowded: Crowded):
        said = look("--partner", "acme-crowded", "--ip", "192.0.2.0/24")
        told, _, sample = said.out.partition("\nThe newest:\n")
        assert told.splitlines() == [
            "9 sessions would be revoked.",
            "",
            "By tenant:",
            "  7  north-crowded",
            "  1  Acme staff",
            "  1  south-crowded",
            "",
            "By device:",
            "  8  desktop",
            "  1  mobile",
            "",
            "By age:",
            "  6  under 1h",
            "  1  under 1d",
            "  0  under 7d",
            "  2  under 30d",
            "  0  30d and more",
        ]
        assert len(sample.splitlines()) == 9

    def test_lists_the_ten_newest_sessions(self, crowded: Crowded):
        opened = [crowded.signed_in(crowded.lisa.user) for _ in range(11)]
        shown = look("--tenant", "springfield-crowded").out.partition("The newest:\n")[2].splitlines()
        assert [line.split()[0] for line in shown] == [each.session_id for each in reversed(opened)][:10]
        where = "lisa@springfield-crowded.example  springfield-crowded  192.0.2.10  Chrome Linux desktop"
        assert all(where in line for line in shown)

    def test_no_match_has_exit_code_1(self, crowded: Crowded):
        said = look("--tenant", "north-crowded", "--device", "bot")
        assert (said.code, said.out.splitlines()[0], said.err) == (
            1,
            "0 sessions would be revoked.",
            "No active session matches.\n",
        )


def spelled(crowded: Crowded, arguments: list[str]) -> list[str]:
    told = {"nothing": some_id(Prefix.SESSION), **vars(crowded), **crowded.callers}
    return [each.format(**told) if each.startswith("{") else each for each in arguments]
