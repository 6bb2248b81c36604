"""TOTP: enrolment, sign-in with codes and recovery codes, removal."""

import base64
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from django_otp.oath import totp

from accounts.models import RecoveryCode, TotpDevice
from audit.models import AuditEntry
from core.ids import Prefix, decode_id
from sessions_app.models import Session, SessionState
from tests.cells import cells
from tests.contract.v1.answers import CODE_MISSING, ME, REFRESH, WRONG, data_of, flaws, refused
from tests.contract.v1.authenticator import CONFIRM, ENROL, App, Clock, login
from tests.world import PASSWORD, Caller, World

WRONG_CODE = (["body", "code"], "This code is wrong or was already used", "value_error.wrong_code")
WRONG_STATE = {"detail": "MFA is already on, or there is nothing to confirm or remove; see GET /api/v1/me"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock.stopped(monkeypatch)


def is_enabled(caller: Caller) -> bool:
    return data_of(caller.get(ME))["mfa_enabled"]


def test_enrolment_and_sign_in_work_with_the_real_clock(world: World):
    key = base64.b32decode(data_of(world.ada.post(ENROL))["secret"])
    [code, *others] = data_of(world.ada.post(CONFIRM, {"code": f"{totp(key):06d}"}))["recovery_codes"]
    assert is_enabled(world.ada)
    assert refused(login(world, world.ada)) == CODE_MISSING
    data = data_of(login(world, world.ada, recovery_code=code))
    data_of(Caller(data["access_token"]).get(ME))
    assert data_of(world.ada.delete(ENROL, {"password": PASSWORD})) == {"sessions_ended": 1}
    data_of(login(world, world.ada))
    assert len(others) == 9


class TestEnrolTotp:
    @cells("path", [ENROL, f"{ENROL}/"])
    def test_returns_secret_uri_and_qr_code(self, path, world: World):
        data = data_of(world.ada.post(path))
        assert data.keys() == {"secret", "otpauth_uri", "qr_svg"}
        assert len(base64.b32decode(data["secret"])) == 20
        link = urlsplit(data["otpauth_uri"])
        assert (link.scheme, link.netloc, unquote(link.path)) == ("otpauth", "totp", "/Curfew:ada@north.example")
        assert parse_qs(link.query) == {"secret": [data["secret"]], "issuer": ["Curfew"]}

    def test_qr_code_has_no_external_references(self, world: World):
        picture = data_of(world.ada.post(ENROL))["qr_svg"]
        tags = {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(picture).iter()}
        assert tags <= {"svg", "g", "path", "title"}
        assert re.findall(r"href|src|url\(|import|script|<!|<\?|https?:(?!//www\.w3\.org/2000/svg)", picture) == []

    def test_sign_in_needs_no_code_before_confirmation(self, world: World):
        data_of(world.ada.post(ENROL))
        assert not is_enabled(world.ada)
        data_of(login(world, world.ada))

    def test_second_enrolment_replaces_the_first_secret(self, world: World, clock: Clock):
        first, second = App.enrolled(world.ada, clock), App.enrolled(world.ada, clock)
        assert first.secret != second.secret
        assert flaws(world.ada.post(CONFIRM, {"code": first.code()})) == [WRONG_CODE]
        data_of(world.ada.post(CONFIRM, {"code": second.code()}))

    def test_enrolment_is_409_while_mfa_is_on(self, world: World, clock: Clock):
        app = App.confirmed(world.ada, clock)
        assert refused(world.ada.post(ENROL), 409) == WRONG_STATE
        data_of(login(world, world.ada, totp_code=app.code()))

    def test_secret_is_stored_encrypted(self, world: World):
        secret = data_of(world.ada.post(ENROL))["secret"]
        kept = bytes(TotpDevice.objects.get(user=world.ada.user).sealed_secret)
        assert base64.b32decode(secret) not in kept
        assert secret.encode() not in kept


class TestConfirmTotp:
    @pytest.mark.parametrize("path", [CONFIRM, f"{CONFIRM}/"])
    def test_returns_ten_recovery_codes(self, path, world: World, clock: Clock):
        app = App.enrolled(world.ada, clock)
        data = data_of(world.ada.post(path, {"code": app.code()}))
        assert data.keys() == {"recovery_codes"}
        assert len(set(data["recovery_codes"])) == 10
        assert all(
            re.fullmatch(r"([0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}", each) for each in data["recovery_codes"]
        )
        assert is_enabled(world.ada)
        kept = str(list(RecoveryCode.objects.filter(user=world.ada.user).values()))
        assert not any(code in kept or code.replace("-", "") in kept for code in data["recovery_codes"])

    def test_wrong_code_is_refused(self, world: World, clock: Clock):
        app = App.enrolled(world.ada, clock)
        for wrong in (
            app.wrong_code(),
            app.code()[:5],
            f"{app.code()}0",
            "",
            "abcdef",
            "١٢٣٤٥٦",
            "½",
            f" {app.code(-2)}",
        ):
            assert [loc for loc, _, _ in flaws(world.ada.post(CONFIRM, {"code": wrong}))] == [["body", "code"]]
        assert not is_enabled(world.ada)
        data_of(world.ada.post(CONFIRM, {"code": app.code()}))

    def test_second_confirmation_is_409(self, world: World, clock: Clock):
        app = App.confirmed(world.ada, clock)
        assert refused(world.ada.post(CONFIRM, {"code": app.code()}), 409) == WRONG_STATE
        assert RecoveryCode.objects.filter(user=world.ada.user).count() == 10

    def test_confirmation_without_enrolment_is_409(self, world: World):
        assert refused(world.ada.post(CONFIRM, {"code": "123456"}), 409) == WRONG_STATE

    def test_code_of_another_users_enrolment_is_refused(self, world: World, clock: Clock):
        adas = App.enrolled(world.ada, clock)
        assert refused(world.alan.post(CONFIRM, {"code": adas.code()}), 409) == WRONG_STATE
        assert not is_enabled(world.ada)

    def test_sessions_stay_live(self, world: World, clock: Clock):
        phone = world.signed_in(world.ada.user)
        App.confirmed(world.ada, clock)
        data_of(phone.get(ME))


class TestSignInWithMfa:
    @pytest.fixture
    def app(self, world: World, clock: Clock) -> App:
        return App.confirmed(world.ada, clock)

    def test_correct_password_without_code_is_401_with_mfa_required(self, app: App, world: World):
        before = Session.objects.count()
        assert refused(login(world, world.ada)) == CODE_MISSING
        assert Session.objects.count() == before

    def test_mfa_required_is_in_problem_json_too(self, app: App, world: World):
        body = {"email": world.ada.user.email, "password": PASSWORD}
        answer = world.nobody.post("/api/v1/auth/login", body, headers={"Accept": "application/problem+json"})
        assert answer.json() == {"type": "about:blank", "title": "Unauthorized", "status": 401, **CODE_MISSING}

    def test_mfa_is_not_revealed_by_a_wrong_password(self, app: App, world: World):
        assert refused(login(world, world.ada, "wrong")) == WRONG
        assert refused(login(world, world.ada, "wrong", totp_code=app.code())) == WRONG
        data_of(login(world, world.ada, totp_code=app.code()))  # and it did not use the code up

    def test_session_has_auth_method_mfa(self, app: App, world: World):
        data = data_of(login(world, world.ada, totp_code=app.code()))
        assert SessionState.objects.live().get(pk=decode_id(Prefix.SESSION, data["session_id"])).auth_method == "mfa"
        data_of(Caller(data["access_token"]).get(ME))

    def test_code_is_accepted_once(self, app: App, world: World):
        data_of(login(world, world.ada, totp_code=app.code()))
        assert refused(login(world, world.ada, totp_code=app.code())) == WRONG

    def test_confirmation_code_is_refused_at_sign_in(self, world: World, clock: Clock):
        app = App.enrolled(world.alan, clock)
        data_of(world.alan.post(CONFIRM, {"code": app.code()}))
        assert refused(login(world, world.alan, totp_code=app.code())) == WRONG

    @pytest.mark.parametrize("drift", [-1, 0, 1])
    def test_code_thirty_seconds_off_is_accepted(self, drift, app: App, world: World):
        app.clock.tick()
        data_of(login(world, world.ada, totp_code=app.code(drift)))

    @pytest.mark.parametrize("drift", [-3, -2, 2, 3])
    def test_code_a_minute_off_is_refused(self, drift, app: App, world: World):
        app.clock.tick(3)
        assert refused(login(world, world.ada, totp_code=app.code(drift))) == WRONG

    def test_code_older_than_the_last_one_used_is_refused(self, app: App, world: World):
        app.clock.tick()
        data_of(login(world, world.ada, totp_code=app.code(1)))
        for older in (app.code(), app.code(-1)):
            assert refused(login(world, world.ada, totp_code=older)) == WRONG
        app.clock.tick(2)
        data_of(login(world, world.ada, totp_code=app.code()))

    @pytest.mark.parametrize(
        "odd", ["000000", "½½½½½½", "١٢٣٤٥٦", "0", "12345", "1234567", "-12345", "\uff11\uff12\uff13\uff14\uff15\uff16"]
    )
    def test_malformed_code_is_401(self, odd, app: App, world: World):
        wrong = app.wrong_code() if odd == "000000" else odd
        assert refused(login(world, world.ada, totp_code=wrong)) == WRONG

    def test_another_users_code_is_401(self, app: App, world: World, clock: Clock):
        alans = App.confirmed(world.alan, clock)
        assert refused(login(world, world.ada, totp_code=alans.code())) == WRONG
        assert refused(login(world, world.ada, recovery_code=alans.recovery_codes[0])) == WRONG
        data_of(login(world, world.alan, recovery_code=alans.recovery_codes[0]))

    def test_code_is_ignored_without_mfa(self, app: App, world: World):
        data_of(login(world, world.alan, totp_code="123456"))


class TestRecoveryCode:
    @pytest.fixture
    def app(self, world: World, clock: Clock) -> App:
        return App.confirmed(world.ada, clock)

    def test_is_accepted_once(self, app: App, world: World):
        for code in app.recovery_codes[:3]:
            data_of(login(world, world.ada, recovery_code=code))
            assert refused(login(world, world.ada, recovery_code=code)) == WRONG
        assert RecoveryCode.objects.filter(user=world.ada.user).count() == 7

    def test_case_and_separators_are_ignored(self, app: App, world: World):
        one, two, three = app.recovery_codes[:3]
        for typed in (one.upper(), two.replace("-", ""), f" {three.replace('-', ' ')} "):
            data_of(login(world, world.ada, recovery_code=typed))

    def test_stays_valid_after_a_wrong_password(self, app: App, world: World):
        assert refused(login(world, world.ada, "wrong", recovery_code=app.recovery_codes[0])) == WRONG
        data_of(login(world, world.ada, recovery_code=app.recovery_codes[0]))

    def test_stays_valid_beside_a_wrong_totp_code(self, app: App, world: World):
        both = {"totp_code": app.wrong_code(), "recovery_code": app.recovery_codes[0]}
        assert refused(login(world, world.ada, **both)) == WRONG
        data_of(login(world, world.ada, recovery_code=app.recovery_codes[0]))

    @pytest.mark.parametrize("odd", ["x", "aaaaa-bbbbb-ccccc-ddddd", "½", "-", "curfew"])
    def test_malformed_code_is_401(self, odd, app: App, world: World):
        assert refused(login(world, world.ada, recovery_code=odd)) == WRONG


class TestRemoveTotp:
    @pytest.fixture
    def app(self, world: World, clock: Clock) -> App:
        return App.confirmed(world.ada, clock)

    @pytest.mark.parametrize("path", [ENROL, f"{ENROL}/"])
    def test_revokes_other_sessions_and_returns_their_number(self, path, app: App, world: World):
        phone = world.signed_in(world.ada.user)
        assert data_of(world.ada.delete(path, {"password": PASSWORD})) == {"sessions_ended": 1}
        assert not is_enabled(world.ada)
        refused(phone.get(ME))
        refused(world.nobody.post(REFRESH, {"refresh_token": phone.refresh_token}))
        data_of(world.nobody.post(REFRESH, {"refresh_token": world.ada.refresh_token}))

    def test_password_alone_signs_in_afterwards(self, app: App, world: World):
        data_of(world.ada.delete(ENROL, {"password": PASSWORD}))
        data_of(login(world, world.ada))
        assert not RecoveryCode.objects.filter(user=world.ada.user).exists()

    def test_old_codes_are_refused_after_a_new_enrolment(self, app: App, world: World):
        data_of(world.ada.delete(ENROL, {"password": PASSWORD}))
        app.clock.tick()
        fresh = App.confirmed(world.ada, app.clock)
        for old in ({"totp_code": app.code()}, {"recovery_code": app.recovery_codes[0]}):
            assert refused(login(world, world.ada, **old)) == WRONG
        data_of(login(world, world.ada, totp_code=fresh.code()))

    @pytest.mark.parametrize("body", [None, {}, {"password": "wrong"}, {"password": None}, {"code": "123456"}])
    def test_wrong_or_missing_password_is_422_and_changes_nothing(self, body: Any, app: App, world: World):
        phone = world.signed_in(world.ada.user)
        assert ["body", "password"] in [loc for loc, _, _ in flaws(world.ada.delete(ENROL, body))] or body is None
        assert is_enabled(world.ada)
        data_of(phone.get(ME))
        assert refused(login(world, world.ada)) == CODE_MISSING

    def test_eleventh_wrong_password_is_429(self, app: App, world: World):
        for _ in range(10):
            flaws(world.ada.delete(ENROL, {"password": "wrong"}))
        answer = refused(world.ada.delete(ENROL, {"password": PASSWORD}), 429)
        assert answer == {"detail": "Too many failed attempts; wait as many seconds as Retry-After says"}
        assert is_enabled(world.ada)

    def test_removal_without_mfa_is_409(self, world: World):
        assert refused(world.ada.delete(ENROL, {"password": PASSWORD}), 409) == WRONG_STATE

    def test_removal_of_an_unconfirmed_enrolment_is_409(self, world: World):
        data_of(world.ada.post(ENROL))
        assert refused(world.ada.delete(ENROL, {"password": PASSWORD}), 409) == WRONG_STATE


class TestTotpAudit:
    def test_each_step_is_recorded_without_secrets(self, world: World, clock: Clock):
        app = App.confirmed(world.ada, clock)
        login(world, world.ada)
        login(world, world.ada, totp_code=app.wrong_code())
        data_of(login(world, world.ada, totp_code=app.code()))
        world.ada.delete(ENROL, {"password": "wrong"})
        data_of(world.ada.delete(ENROL, {"password": PASSWORD}))
        entries = AuditEntry.objects.filter(tenant_id=world.north.pk, actor_id=world.ada.user.handle).order_by("number")
        assert [(entry.action, entry.result, entry.changes) for entry in entries] == [
            ("user.mfa_enrolled", "success", {}),
            ("user.mfa_enabled", "success", {}),
            ("authentication.sign_in", "denied", {"reason": "MFA code missing"}),
            ("authentication.sign_in", "failure", {"reason": "wrong MFA code"}),
            ("authentication.sign_in", "success", {"auth_method": "mfa"}),
            ("user.mfa_disabled", "failure", {"reason": "wrong password"}),
            ("user.mfa_disabled", "success", {"sessions_ended": 1}),
        ]


class TestTotpAfterKeyChange:
    NEW = "a new secret key, as an operator would set it"

    def test_codes_stay_valid_while_the_old_key_is_a_fallback(self, world: World, clock: Clock, settings: Any):
        app = App.confirmed(world.ada, clock)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = self.NEW, [settings.SECRET_KEY]
        data_of(login(world, world.ada, totp_code=app.code()))

    def test_recovery_codes_stay_valid_when_the_key_is_lost(self, world: World, clock: Clock, settings: Any):
        """A TOTP secret that cannot be decrypted any more is like a lost authenticator app."""
        app = App.confirmed(world.ada, clock)
        settings.SECRET_KEY = self.NEW
        assert refused(login(world, world.ada, totp_code=app.code())) == WRONG
        data = data_of(login(world, world.ada, recovery_code=app.recovery_codes[0]))
        data_of(Caller(data["access_token"]).delete(ENROL, {"password": PASSWORD}))


def test_test_authenticator_matches_the_rfc_6238_vector():
    clock = Clock(now=1_111_111_109)
    app = App(base64.b32encode(b"12345678901234567890").decode(), clock)
    assert app.code() == "081804"  # RFC 6238, appendix B, in six digits
