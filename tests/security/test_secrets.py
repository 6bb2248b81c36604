"""A secret is returned once, to its owner, and is in no other response, log line or row."""

import base64
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from accounts.models import Application, User
from core.access import Scope
from core.crypto import digest
from tests.contract.edge.client import AUTHENTICATE, CURRENT, IDENTITIES, PATH, SESSIONS, SessionKeyCaller
from tests.contract.v1.authenticator import CONFIRM, ENROL, App, Clock
from tests.security.routes import reads
from tests.world import Caller, World

LOGIN, REFRESH, PASSWORD_PATH = "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/me/password"
TOKEN, KEYS = "/api/v1/platform/oauth/token", "/api/v1/me/api-keys"
OLD, NEW, WRONG = "canary-old-password", "canary-new-password", "canary-wrong-password"
CLIENT_SECRET = "canary-client-secret"


class Life:
    """Everything that Grace can do with secrets, once; with all that she was shown and all that she sent."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock, self.secrets, self.later = world, clock, {OLD, NEW, WRONG, CLIENT_SECRET}, []
        grace = world.person("grace", world.north)
        grace.set_password(OLD)
        grace.save()
        self.email = grace.email
        self.grace = self.signed_in(OLD)
        self.edge()
        self.second_factor()
        self.credentials()
        self.service()

    def edge(self) -> None:
        """The controller's sign-in shows a key, and so does its current session to whoever holds one."""
        body, again = {"username": self.email, "password": OLD}, {"Idempotency-Key": "canary-again"}
        for _ in range(2):
            answer = self.world.nobody.post(AUTHENTICATE, body, headers=again)
            self.secrets.add(answer["zt-session"])
            assert answer.json()["data"]["token"] == answer["zt-session"]
        key = SessionKeyCaller(answer["zt-session"])
        assert key.get(CURRENT).json()["data"]["token"] == key.token
        self.world.nobody.post(AUTHENTICATE, body | {"password": WRONG})
        mine = answer.json()["data"]
        paths = [SESSIONS, f"{SESSIONS}/{mine['id']}", IDENTITIES, f"{IDENTITIES}/{mine['identityId']}"]
        for path in (CURRENT, f"{PATH}/current-identity", f"{PATH}/summary", *paths):
            for caller in (self.grace, self.world.north_admin):
                self.ask(caller, "GET", path)

    def signed_in(self, password: str, **factor: str) -> Caller:
        body = {"email": self.email, "password": password, "session_cookie": True} | factor
        answer = self.world.nobody.post(LOGIN, body)
        data = answer.json()["data"]
        self.secrets |= {data["access_token"], data["refresh_token"], answer.cookies["curfew_session"].value}
        return Caller(data["access_token"], refresh_token=data["refresh_token"])

    def second_factor(self) -> None:
        app = App.confirmed(self.grace, self.clock)
        self.secrets |= {app.secret, base64.b32decode(app.secret).hex(), *app.recovery_codes}
        self.secrets |= {code.replace("-", "") for code in app.recovery_codes}
        self.signed_in(OLD, totp_code=app.code())
        self.signed_in(OLD, recovery_code=app.recovery_codes[0])
        self.ask(self.world.nobody, "POST", LOGIN, {"email": self.email, "password": WRONG, "totp_code": app.code(2)})
        self.ask(self.grace, "POST", CONFIRM, {"code": app.code()})
        self.ask(self.grace, "DELETE", ENROL, {"password": WRONG})

    def credentials(self) -> None:
        key = self.grace.post(KEYS, {"name": "laptop"}).json()["data"]["api_key"]
        data = self.world.nobody.post(REFRESH, {"refresh_token": self.grace.refresh_token}).json()["data"]
        self.secrets |= {key, data["access_token"], data["refresh_token"]}
        self.ask(Caller(key), "GET", KEYS)
        self.ask(self.grace, "POST", PASSWORD_PATH, {"current_password": WRONG, "new_password": NEW})
        self.ask(self.grace, "POST", PASSWORD_PATH, {"current_password": OLD, "new_password": NEW})
        self.ask(self.grace, "POST", PASSWORD_PATH, {"current_password": [WRONG], "new_password": {"x": NEW}})
        self.ask(self.world.nobody, "POST", REFRESH, {"refresh_token": data["refresh_token"][:-2]})

    def service(self) -> None:
        application = self.world.make_service("billing", list(Scope))
        Application.objects.filter(pk=application.pk).update(secret_digest=digest(CLIENT_SECRET))
        for secret in (CLIENT_SECRET, WRONG):
            form = {"grant_type": "client_credentials", "client_id": "billing", "client_secret": secret}
            answer = Caller().http.generic("POST", TOKEN, urlencode(form), "application/x-www-form-urlencoded")
            self.secrets.add(answer.json().get("access_token", CLIENT_SECRET))

    def ask(self, caller: Caller, method: str, path: str, body: Any = None) -> None:
        """Something whose answer has no business with secrets."""
        self.later.append(caller.request(method, path, body).content.decode())


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.fixture
def life(log: Any, world: World, monkeypatch: pytest.MonkeyPatch) -> Life:
    return Life(world, Clock.stopped(monkeypatch))


def rows_of_every_table() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows[table] = "\n".join(row for (row,) in cursor.fetchall())
        return rows


def test_secrets_are_in_no_other_response_log_line_or_row(life: Life, log: pytest.LogCaptureFixture):
    """One test, because creating all the secrets takes long."""
    for operation in reads():
        for caller in (life.grace, life.world.north_admin, life.world.acme_partner, life.world.super_admin):
            life.ask(caller, "GET", operation.path)
    hashed = User.objects.get(email=life.email).password
    found = {"an answer": [each for each in life.secrets | {hashed} if any(each in text for text in life.later)]}
    found["the log"] = [each for each in life.secrets | {hashed} if each in log.text]
    for table, rows in rows_of_every_table().items():
        spellings = {each: {each, each.encode().hex()} for each in life.secrets}
        found[table] = [each for each, ways in spellings.items() if any(way in rows for way in ways)]
    assert {where: secrets for where, secrets in found.items() if secrets} == {}
    assert len(life.secrets) > 25
    assert any("sign in again" in text for text in life.later)


def test_secret_in_a_row_would_be_found(world: World):
    User.objects.filter(pk=world.ada.user.pk).update(display_name="canary-old-password")
    assert "canary-old-password" in rows_of_every_table()["accounts_user"]
