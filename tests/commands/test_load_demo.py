"""load_demo: loads plausible data once, into the embedded database only."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Agent, ApiKey, Application, Group, IdentityProvider, User
from accounts.models.groups import members_of
from audit.actions import Action
from audit.models import AuditEntry
from audit.queries import faults
from config.run import welcome
from core.access import Scope
from core.ids import first_at
from core.timestamps import milliseconds
from sessions_app import demo
from sessions_app.models import Revocation, RevocationScope, Session, SessionQuerySet, SessionState
from sessions_app.operations import counter_maintenance
from sessions_app.reads.dashboard import DAY, ActivityKind, hourly_activity
from sessions_app.reads.stats import session_stats
from tenancy.models import Tenant
from tests.world import SYSTEM, Caller

pytestmark = pytest.mark.usefixtures("unpeopled_database")
ADMINISTRATORS = {
    "super@curfew.example": "super_admin",
    "partner@acme.example": "partner_admin",
    "partner@globex.example": "partner_admin",
    "admin@north.example": "tenant_admin",
    "admin@south.example": "tenant_admin",
    "admin@springfield.example": "tenant_admin",
}
OWNERS = {"north": "Acme", "south": "Acme", "springfield": "Globex"}


def people() -> Any:
    """Those of the demo; other tests may have left theirs."""
    return User.objects.filter(email__regex=r"@(curfew|acme|globex|north|south|springfield)\.example$")


def sessions() -> SessionQuerySet:
    return Session.objects.filter(user__in=people())


def load() -> str:
    written = StringIO()
    call_command("load_demo", stdout=written)
    return written.getvalue().strip()


@pytest.fixture(scope="module")
def once(unpeopled_database: None, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        assert load() == "Demo data loaded."
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(once: None, db: None) -> None:
    """Loaded once for the module; what a test adds goes with the test."""


def sign_in(email: str, **more: str) -> Any:
    return Caller().post("/api/v1/auth/login", {"email": email, "password": "curfew-demo", **more})


def live_and_not() -> dict[str, Any]:
    live = Count("pk", filter=Q(pk__in=SessionState.objects.live().values("pk")))
    revoked = Count("pk", filter=Q(revoked_at__isnull=False))
    expired = Count("pk", filter=Q(revoked_at=None, expires_at__lte=Now()))
    return {"live": live, "revoked": revoked, "expired": expired}


class TestLoadDemo:
    """Comes first: the other tests of this module use the loaded data."""

    def test_is_refused_outside_the_embedded_database(self, db: None, settings: Any):
        settings.EMBEDDED = False
        with pytest.raises(CommandError, match="Unset DATABASE_URL"):
            load()
        assert not User.objects.filter(email__endswith="@north.example").exists()

    @pytest.mark.parametrize("environment", ["development", "production"])
    def test_is_refused_when_database_url_is_set(self, manage: Callable[..., Any], environment: str):
        complete = {"SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "curfew.example"}
        ended = manage(
            "load_demo", CURFEW_ENV=environment, DATABASE_URL="postgres://nowhere.example/curfew", **complete
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "Unset DATABASE_URL" in ended.stderr

    def test_failure_leaves_no_partial_data(self, db: None, monkeypatch: pytest.MonkeyPatch):
        def fail(self: demo.History) -> None:
            raise RuntimeError("the power went out")

        monkeypatch.setattr(demo.History, "write", fail)
        with pytest.raises(RuntimeError):
            load()
        assert not Tenant.objects.filter(slug="north").exists()


class TestDemoData:
    def test_users_can_sign_in_with_the_demo_password(self, loaded: None):
        for user in people().filter(totp=None):
            answer = sign_in(user.email)
            assert answer.status_code == 200, user.email
            assert answer.json()["data"]["user"]["role"] == ADMINISTRATORS.get(user.email, "user")

    def test_users_with_mfa_can_sign_in_with_the_documented_code(
        self, loaded: None, project: Path, capsys: pytest.CaptureFixture[str]
    ):
        welcome("http://127.0.0.1:8000")
        [(email, command)] = re.findall(
            r"(\S+) +has MFA; for a code: python3 (.+)$", capsys.readouterr().out, re.MULTILINE
        )
        code = subprocess.check_output([sys.executable, *command.split()], cwd=project, text=True).strip()
        assert [sign_in(email).status_code, sign_in(email, totp_code=code).status_code] == [401, 200]
        assert people().exclude(totp=None).filter(role="user").count() == 3

    def test_users_with_mfa_have_mfa_sessions(self, loaded: None):
        with_mfa = set(sessions().filter(auth_method="mfa").values_list("user", flat=True))
        assert with_mfa == set(people().exclude(totp=None).values_list("pk", flat=True))

    def test_every_kind_of_resource_exists(self, loaded: None):
        north = Tenant.objects.get(slug="north")
        parent = Group.objects.get(tenant=north, name="Engineering")
        assert members_of(parent.pk).count() == 1
        assert members_of(parent.pk, effective=True).count() == 5
        for kind in (Agent, Application, IdentityProvider):
            assert kind.objects.not_deleted().filter(tenant=north).exists(), kind
        assert ApiKey.objects.filter(user__in=people()).count() == 3

    def test_locations_are_in_different_countries(self, loaded: None):
        places = set(sessions().exclude(country="").values_list("location", "country"))
        assert len({country for _, country in places}) == len({location for location, _ in places}) == 5

    def test_schema_examples_of_login_are_valid_credentials(self, loaded: None, project: Path):
        schema = json.loads((project / "docs/openapi/v1.json").read_text())["components"]["schemas"]
        fields = schema["CredentialsRequest"]["properties"]
        assert set(fields) >= {"email", "password", "client_id", "tenant"}
        credentials = {name: field["examples"][0] for name, field in fields.items() if "examples" in field}
        assert Caller().post("/api/v1/auth/login", credentials).status_code == 200

    def test_documented_users_and_tenants_exist(self, loaded: None):
        emails = set(people().values_list("email", flat=True))
        assert emails >= {*ADMINISTRATORS, "ada@north.example", "katherine@south.example", "lisa@springfield.example"}
        for slug, owner in OWNERS.items():
            tenant = Tenant.objects.select_related("partner").get(slug=slug)
            assert (tenant.partner.name, tenant.users.filter(role="user").count()) == (owner, 5)
        assert len(emails) == len(ADMINISTRATORS) + 5 * len(OWNERS)

    def test_demo_service_gets_both_scopes(self, loaded: None):
        form = "grant_type=client_credentials&client_id=demo-service&client_secret=demo-service-secret"
        answer = Caller().http.post(
            "/api/v1/platform/oauth/token", form, content_type="application/x-www-form-urlencoded"
        )
        assert set(answer.json()["scope"].split()) == set(Scope)

    def test_hundreds_of_live_revoked_and_expired_sessions_exist(self, loaded: None):
        seen = sessions().aggregate(all=Count("pk"), **live_and_not())
        assert 200 <= seen["all"] <= 999
        assert seen["live"] > seen["all"] / 3
        assert min(seen["revoked"], seen["expired"]) > seen["all"] / 50

    def test_every_tenant_has_live_sessions(self, loaded: None):
        for row in sessions().values("tenant__name").annotate(all=Count("pk"), **live_and_not()):
            assert row["live"], row
            assert row["all"] >= row["live"] + row["revoked"]
        per_tenant = sessions().filter(tenant__slug__in=OWNERS).values("tenant").annotate(n=Count("pk"))
        assert [row["n"] >= 50 for row in per_tenant] == [True] * len(OWNERS)

    def test_devices_addresses_and_ages_of_sessions_vary(self, loaded: None):
        kinds = sessions().aggregate(
            browsers=Count("browser", distinct=True),
            devices=Count("device_type", distinct=True),
            addresses=Count("ip_address", distinct=True),
            days=Count("created_at__date", distinct=True),
        )
        assert kinds["browsers"] >= 3
        assert kinds["devices"] >= 3
        assert kinds["addresses"] >= 30
        assert kinds["days"] >= 7
        assert not sessions().filter(created_at__gt=Now()).exists()
        assert not sessions().filter(last_activity_at__gt=Now()).exists()

    def test_audit_chains_are_intact(self, loaded: None):
        assert list(faults()) == []

    def test_sign_ins_and_endings_are_recorded_at_their_times(self, loaded: None):
        opened = {each.handle: each.created_at for each in sessions()}
        theirs = AuditEntry.objects.filter(resource_id__in=opened)
        signed_in = theirs.filter(action=Action.SIGNED_IN).values_list("resource_id", "created_at")
        assert sorted(signed_in) == sorted(opened.items())
        ends = theirs.filter(action__in=[Action.SIGNED_OUT, Action.SESSION_REVOKED])
        ended = {each.handle: each.revoked_at for each in sessions().exclude(revoked_at=None)}
        assert dict(ends.values_list("resource_id", "created_at")) == ended
        assert {each.pk.int >> 80 for each in theirs} == {milliseconds(each.created_at) for each in theirs}

    def test_last_login_equals_the_newest_session(self, loaded: None):
        last = {each.user_id: each.created_at for each in sessions().order_by("created_at")}
        assert dict(User.objects.filter(pk__in=last).values_list("pk", "last_login_at")) == last

    def test_activity_chart_has_every_kind_before_and_within_the_last_day(self, loaded: None):
        theirs = Revocation.objects.filter(sessions__in=sessions())
        assert 0 < theirs.filter(pk__gte=first_at(milliseconds(timezone.now() - DAY))).count() < theirs.count()
        hours = hourly_activity(SYSTEM, timezone.now() - 7 * DAY)
        assert {what for _, what in hours} == set(ActivityKind)
        assert len({hour for hour, _ in hours}) > 48

    def test_statistics_and_counters_equal_the_rows(self, loaded: None):
        told = session_stats(RevocationScope.PLATFORM, None, seen_by=None)
        live = SessionState.objects.live()
        assert told
        assert list(counter_maintenance.differences()) == []
        assert told["active_sessions"] == live.count() > 100
        assert told["unique_users"] == live.values("user").distinct().count() > 10

    def test_second_load_changes_nothing(self, loaded: None):
        def rows() -> list[int]:
            return [model.objects.count() for model in (User, Tenant, Session)]

        before = rows()
        assert load() == "The demo data is already loaded."
        assert rows() == before
