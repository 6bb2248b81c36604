"""What `revoke_sessions` ends, and what it leaves alone."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Application
from audit.models import AuditEntry
from core.ids import Prefix
from sessions_app.models import Revocation, Session
from tests.commands.crowds import aged, change
from tests.commands.saying import Said, say
from tests.world import Caller, World, some_id

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1"
)
WHY = ("--reason", "laptop stolen")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def revoke(*arguments: str) -> Said:
    return say("revoke_sessions", *arguments, *WHY, "--yes")


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


class TestAScope:
    @pytest.mark.parametrize(
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
    def test_ends_all_within_and_nothing_else(self, named: list[str], ended: set[str], world: World):
        everybody(world)
        said = revoke(*(each.format(**vars(world)) if "{" in each else each for each in named))
        assert (said.code, said.err) == (0, "")
        assert alive(world, *PEOPLE) == set(PEOPLE) - ended

    def test_is_one_act_with_a_floor_and_an_exact_count(self, world: World):
        everybody(world)
        said = revoke("--tenant", "north")
        revocation = Revocation.objects.get(tenant_id=world.north.pk)
        assert said.out == f"3 sessions ended by {revocation.handle}.\n"
        assert (revocation.reach, revocation.number is not None, revocation.revoked_count) == ("tenant", True, 3)
        [entry] = AuditEntry.objects.filter(resource_id=revocation.handle)
        assert (entry.actor_id, entry.changes["reason"]) == ("system:revoke_sessions", "laptop stolen")

    @pytest.mark.parametrize("by", ["handle", "client_id"])
    def test_may_be_an_application(self, by: str, world: World):
        application = application_of(world, world.ada, world.lisa)
        assert is_alive(world.alan)
        assert revoke("--application", getattr(application, by)).code == 0
        assert alive(world, "ada", "alan", "lisa") == {"alan"}

    def test_says_who_why_and_when_on_every_session(self, world: World):
        revoke("--user", world.ada.user.handle)
        row = Session.objects.get(pk=world.ada.session.pk)
        assert (row.revoked_by, row.revoke_reason) == ("system:revoke_sessions", "laptop stolen")
        assert row.revoked_at is not None


class TestSessionsByName:
    def test_are_ended_and_no_other(self, world: World):
        phone, tablet = (world.signed_in(world.ada.user) for _ in range(2))
        said = revoke("--session", phone.session_id, "--session", world.lisa.session_id)
        assert said.out.startswith("2 sessions ended by rev_")
        assert [is_alive(each) for each in (phone, tablet, world.ada, world.lisa)] == [False, True, True, False]

    def test_of_one_tenant_are_that_tenants_to_know(self, world: World):
        revoke("--session", world.ada.session_id)
        revocation = Session.objects.get(pk=world.ada.session.pk).revocation
        assert (revocation.tenant_id, revocation.partner_id) == (world.north.pk, world.acme.pk)
        entries = AuditEntry.objects.filter(resource_id=revocation.handle)
        assert {entry.tenant_id for entry in entries} == {world.north.pk}

    def test_of_several_tenants_are_the_platforms(self, world: World):
        revoke("--session", world.ada.session_id, "--session", world.lisa.session_id)
        revocation = Session.objects.get(pk=world.ada.session.pk).revocation
        assert (revocation.tenant_id, revocation.partner_id) == (None, None)

    def test_that_have_ended_are_not_ended_again(self, world: World):
        revoke("--session", world.ada.session_id)
        first = Session.objects.get(pk=world.ada.session.pk).revoked_at
        assert revoke("--session", world.ada.session_id).code == 1
        said = revoke("--session", world.ada.session_id, "--session", world.alan.session_id)
        assert said.out.startswith("1 session ended by rev_")
        assert Session.objects.get(pk=world.ada.session.pk).revoked_at == first


class TestAFilter:
    """Ada's session in many likenesses, and what each filter makes of them."""

    @pytest.mark.parametrize(
        ("looks", "matching"),
        [
            (["--ip", "198.51.100.7"], {"abroad"}),
            (["--ip", "198.51.100.0/24"], {"abroad"}),
            (["--ip", "198.51.0.0/16"], {"abroad"}),
            (["--ip", "2001:db8::/32"], {"roaming"}),
            (["--ip", "::ffff:198.51.100.7"], {"abroad"}),
            (["--ip", "203.0.113.9"], {"moved"}),
            (["--ip", "0.0.0.0/0"], {"abroad", "moved", "old", "phone", "resting"}),
            (["--device", "mobile"], {"phone"}),
            (["--country", "SE"], {"abroad"}),
            (["--country", "se"], {"abroad"}),
            (["--user-agent", "iPhone OS 18_6"], {"phone"}),
            (["--user-agent", "IPHONE"], {"phone"}),
            (["--user-agent", "%"], set()),
            (["--user-agent", "Mozilla_5"], set()),
            (["--older-than", "7d"], {"old"}),
            (["--older-than", "1w"], {"old"}),
            (["--older-than", "30d"], set()),
            (["--idle-for", "12h"], {"old", "resting"}),
            (["--idle-for", "12h", "--older-than", "2h"], {"old", "resting"}),
            (["--idle-for", "12h", "--older-than", "6d"], {"old"}),
            (["--device", "desktop", "--country", "SE"], {"abroad"}),
            (["--device", "mobile", "--country", "SE"], set()),
        ],
    )
    def test_narrows_what_is_named(self, looks: list[str], matching: set[str], world: World):
        likenesses = self.likenesses(world)
        said = revoke("--user", world.ada.user.handle, *looks)
        assert said.code == (0 if matching else 1)
        assert {name for name, each in likenesses.items() if not is_alive(each)} == matching

    def likenesses(self, world: World) -> dict[str, Caller]:
        ada = world.person("ada", world.north)
        made = {
            "abroad": change(world.signed_in(ada, ip_address="198.51.100.7"), country="SE"),
            "moved": change(world.signed_in(ada), last_ip_address="203.0.113.9"),
            "old": aged(world.signed_in(ada), 8 * DAY),
            "phone": world.signed_in(ada, user_agent=PHONE),
            "resting": aged(world.signed_in(ada), 13 * HOUR),
            "roaming": world.signed_in(ada, ip_address="2001:db8::5"),
        }
        # Used a moment ago, so that the old ones' idle limit and the minute's touch are no concern of these tests.
        change(made["old"], idle_limit=90 * DAY, expires_at=made["old"].session.created_at + 90 * DAY)
        world.ada = made["phone"]
        return made

    def test_ends_nobody_elses(self, world: World):
        assert is_alive(world.alan)
        assert revoke("--user", world.ada.user.handle, "--device", "desktop").code == 0
        assert alive(world, "ada", "alan") == {"alan"}

    def test_with_all_means_everything_that_matches(self, world: World):
        everybody(world)
        change(world.lisa, country="SE")
        change(world.super_admin, country="SE")
        assert revoke("--all", "--country", "SE").out.startswith("2 sessions ended")
        assert alive(world, *PEOPLE) == set(PEOPLE) - {"lisa", "super_admin"}

    def test_narrows_every_kind_of_scope(self, world: World):
        everybody(world)
        assert revoke("--admins", "--tenant", "north").out.startswith("1 session ended")
        assert revoke("--partner", "acme", "--ip", "192.0.2.0/24", "--tenant", "south").out.startswith(
            "1 session ended"
        )
        assert alive(world, *PEOPLE) == set(PEOPLE) - {"north_admin", "katherine"}

    def test_leaves_one_revocation_for_the_whole_job(self, world: World):
        everybody(world)
        said = revoke("--tenant", "north", "--ip", "192.0.2.0/24", "--user-agent", "Chrome")
        [revocation] = Revocation.objects.filter(tenant_id=world.north.pk)
        assert revocation.handle in said.out
        assert (revocation.reach, revocation.number) == ("selection", None)
        assert revocation.selection == {"tenant": world.north.handle, "ip": "192.0.2.0/24", "user_agent": "chrome"}
        assert (revocation.revoked_count, revocation.swept_count, revocation.swept_at is None) == (3, 3, False)
        rows = Session.objects.filter(revocation=revocation)
        assert {row.user.email for row in rows} == {"ada@north.example", "alan@north.example", "admin@north.example"}

    def test_is_on_record_when_it_begins_and_when_it_is_done(self, world: World):
        everybody(world)
        revoke("--tenant", "north", "--device", "desktop")
        revocation = Revocation.objects.get(tenant_id=world.north.pk)
        entries = AuditEntry.objects.filter(resource_id=revocation.handle).order_by("number")
        assert [(entry.changes["is_finished"], entry.changes["revoked_count"]) for entry in entries] == [
            (False, 0),
            (True, 3),
        ]
        assert {(entry.actor_id, entry.tenant_id) for entry in entries} == {("system:revoke_sessions", world.north.pk)}


class TestWhatIsNoSelection:
    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            ([], "Name what to end"),
            (["--device", "mobile"], "Name what to end"),
            (["--ip", "192.0.2.10", "--older-than", "1d"], "Name what to end"),
            (["--all", "--tenant", "north"], "--all means every session there is"),
            (["--all", "--admins"], "--all means every session there is"),
            (["--all", "--session", "{ada.session_id}"], "--all means every session there is"),
            (["--tenant", ""], "--tenant is empty"),
            (["--user", ""], "--user is empty"),
            (["--session", ""], "There is no session without a name"),
            (["--tenant", "north", "--ip", ""], "--ip is empty"),
            (["--tenant", "north", "--user-agent", ""], "--user-agent is empty"),
            (["--tenant", "north", "--older-than", ""], "--older-than is empty"),
            (["--tenant", "nowhere"], "There is no tenant nowhere"),
            (["--tenant", "{acme.handle}"], "There is no tenant prt_"),
            (["--partner", "north"], "There is no partner north"),
            (["--application", "nothing"], "There is no application nothing"),
            (["--user", "ada@north.example"], "say which with --tenant"),
            (["--user", "ada@north.example", "--tenant", "south"], "There is no user ada@north.example"),
            (["--user", "{ada.user.handle}", "--tenant", "south"], "There is no user usr_"),
            (["--session", "{ada.session_id}", "--session", "{nothing}"], "There is no session ses_"),
            (["--session", "{ada.user.handle}"], "There is no session usr_"),
            (["--all", "--ip", "192.0.2"], "is no address or network"),
            (["--all", "--ip", "192.0.2.10/8"], "write 192.0.0.0/8"),
            (["--all", "--ip", "192.0.2.0/33"], "is no address or network"),
            (["--all", "--country", "Sweden"], "is no country"),
            (["--all", "--country", "S1"], "is no country"),
            (["--all", "--device", "toaster"], "is no kind of device"),
            (["--all", "--older-than", "7"], "is no length of time"),
            (["--all", "--older-than=-7d"], "is no length of time"),
            (["--all", "--older-than", "7 days"], "is no length of time"),
            (["--all", "--older-than", "999999999d"], "longer than a calendar has room for"),
            (["--all", "--idle-for", "٣d"], "is no length of time"),
        ],
    )
    def test_is_an_error_and_ends_nothing(self, arguments: list[str], why: str, world: World):
        everybody(world)
        told = {"nothing": some_id(Prefix.SESSION), **vars(world)}
        said = revoke(*(each.format(**told) if "{" in each else each for each in arguments))
        assert (said.code, said.out) == (2, "")
        assert why in said.err
        assert alive(world, *PEOPLE) == set(PEOPLE)

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
    def test_a_reason_is_needed(self, reason: str, world: World):
        said = say("revoke_sessions", "--user", world.ada.user.handle, "--reason", reason, "--yes")
        assert (said.code, "--reason takes 1 to 200 characters" in said.err) == (2, True)
        assert is_alive(world.ada)

    def test_a_deleted_tenants_slug_names_nothing(self, world: World):
        world.north.deleted_at = world.north.created_at
        world.north.save()
        assert "There is no tenant north" in revoke("--tenant", "north").err

    def test_nothing_matching_is_told_apart_from_done(self, world: World):
        everybody(world)
        for arguments in (
            ["--tenant", "north", "--device", "bot"],
            ["--user", world.person("new", world.north).handle],
        ):
            said = revoke(*arguments)
            assert (said.code, said.out, said.err) == (1, "", "Nothing matches.\n")
        assert not Revocation.objects.filter(tenant_id=world.north.pk).exists()


class TestJSON:
    def test_is_one_object(self, world: World):
        said = revoke("--user", world.ada.user.handle, "--json")
        revocation = Session.objects.get(pk=world.ada.session.pk).revocation
        assert said.json == {"revocation_id": revocation.handle, "revoked_count": 1, "is_finished": True}

    def test_also_where_nothing_matches(self, world: World):
        said = revoke("--user", world.person("new", world.north).handle, "--json")
        assert (said.code, said.json) == (1, {"revocation_id": None, "revoked_count": 0, "is_finished": True})

    def test_also_of_what_would_end(self, world: World):
        said = say("revoke_sessions", "--user", world.ada.user.handle, *WHY, "--dry-run", "--json")
        assert said.code == 0
        assert (said.json["count"], said.json["by_tenant"], said.json["by_device"]) == (1, {"north": 1}, {"desktop": 1})
        assert [each["id"] for each in said.json["sample"]] == [world.ada.session_id]


class TestLookingFirst:
    def look(self, *arguments: str) -> Said:
        return say("revoke_sessions", *arguments, *WHY, "--dry-run")

    def test_changes_nothing_at_all(self, world: World):
        everybody(world)

        def rows() -> list[Any]:
            sessions = list(Session.objects.order_by("pk").values())
            return [sessions, Revocation.objects.count(), AuditEntry.objects.count()]

        before = rows()
        for arguments in (["--all"], ["--tenant", "north"], ["--all", "--device", "desktop"]):
            assert self.look(*arguments).code == 0
        assert rows() == before

    def test_counts_by_tenant_device_and_age(self, world: World):
        everybody(world)
        aged(world.lisa, 2 * DAY)
        change(world.katherine, device_type="")
        said = self.look("--all", "--ip", "192.0.2.0/24")
        assert said.out.splitlines()[:22] == [
            "7 sessions would end.",
            "",
            "By tenant:",
            "  3  north",
            "  1  Acme staff",
            "  1  Platform staff",
            "  1  south",
            "  1  springfield",
            "",
            "By device:",
            "  6  desktop",
            "  1  unknown",
            "",
            "By age:",
            "  6  under 1h",
            "  0  under 1d",
            "  1  under 7d",
            "  0  under 30d",
            "  0  30d and more",
            "",
            "The newest:",
            said.out.splitlines()[21],
        ]

    def test_shows_a_sample_of_ten_at_most(self, world: World):
        opened = [world.signed_in(world.ada.user) for _ in range(11)]
        shown = self.look("--user", world.ada.user.handle).out.partition("The newest:\n")[2].splitlines()
        assert [line.split()[0] for line in shown] == [each.session_id for each in reversed(opened)][:10]
        assert all("ada@north.example  north  192.0.2.10  Chrome Linux desktop" in line for line in shown)

    def test_counts_what_would_really_end(self, world: World):
        """Not what has ended already, in whichever way."""
        rested = world.signed_in(world.alan.user)
        long_ago = rested.session.created_at - 60 * DAY
        change(rested, last_activity_at=long_ago, due_at=long_ago)
        revoke("--user", world.ada.user.handle)
        assert self.look("--tenant", "north").out.startswith("1 session would end.")
        assert revoke("--tenant", "north").out.startswith("1 session ended")

    def test_finds_nothing_with_an_exit_code_of_its_own(self, world: World):
        said = self.look("--tenant", "north", "--device", "bot")
        assert (said.code, said.out.splitlines()[0]) == (1, "0 sessions would end.")
