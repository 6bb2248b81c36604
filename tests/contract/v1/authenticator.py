"""An authenticator app for tests, with a clock that tests set."""

import base64
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from django_otp.oath import TOTP

from accounts.operations import second_factor
from tests.contract.v1.answers import LOGIN, data_of
from tests.world import PASSWORD, Caller, World

ENROL = "/api/v1/me/mfa/totp"
CONFIRM = f"{ENROL}/confirm"


@dataclass
class Clock:
    now: float = field(default_factory=lambda: time.time() // 30 * 30 + 15)

    @classmethod
    def stopped(cls, monkeypatch: pytest.MonkeyPatch) -> "Clock":
        clock = cls()
        monkeypatch.setattr(second_factor, "time", SimpleNamespace(time=lambda: clock.now))
        return clock

    def tick(self, steps: int = 1) -> None:
        self.now += 30 * steps


@dataclass
class App:
    """It reckons by the standard (RFC 6238) with django-otp's own class, which the product does not use."""

    secret: str
    clock: Clock
    recovery_codes: list[str] = field(default_factory=list)

    @classmethod
    def enrolled(cls, caller: Caller, clock: Clock) -> "App":
        return cls(data_of(caller.post(ENROL))["secret"], clock)

    @classmethod
    def confirmed(cls, caller: Caller, clock: Clock) -> "App":
        app = cls.enrolled(caller, clock)
        app.recovery_codes = data_of(caller.post(CONFIRM, {"code": app.code()}))["recovery_codes"]
        clock.tick()
        return app

    def code(self, drift: int = 0) -> str:
        totp = TOTP(base64.b32decode(self.secret), drift=drift)
        totp.time = self.clock.now
        return f"{totp.token():06d}"

    def wrong_code(self) -> str:
        """Not that of now, nor of any moment near."""
        near = {self.code(drift) for drift in range(-3, 4)}
        return next(code for code in (f"{number:06d}" for number in range(10)) if code not in near)


def login(world: World, caller: Caller, password: str = PASSWORD, **factor: Any) -> Any:
    return world.nobody.post(LOGIN, {"email": caller.user.email, "password": password, **factor})
