"""Timing of refusals does not reveal which accounts exist. tests/proof measures it over HTTP."""

import time
from collections.abc import Callable, Iterator
from random import shuffle
from statistics import median
from typing import Any

import pytest

from accounts import operations as accounts
from accounts.hashers import Argon2
from accounts.models import User
from accounts.operations.sign_in import _dummy_hash
from core.access import Origin, Scope
from core.models import Status
from tests.factories import UserFactory, hashed_password
from tests.proof.claims import FIGURES
from tests.world import PASSWORD, World

LOGIN = "/api/v1/auth/login"
SAMPLES = 16 if FIGURES == "once" else 40


@pytest.fixture(autouse=True)
def hashes_of_the_product(settings: Any) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
    forget_hashes()
    yield
    forget_hashes()


def forget_hashes() -> None:
    hashed_password.cache_clear()
    _dummy_hash.cache_clear()


def refuse(world: World, email: str, password: str = "not it", **more: Any) -> Any:
    answer = world.nobody.post(LOGIN, {"email": email, "password": password} | more)
    assert answer.status_code == 401
    return answer


def somebody(world: World, name: str, **columns: Any) -> str:
    user = world.person(name, world.north)
    User.objects.filter(pk=user.pk).update(**columns)
    return user.email


def twins(world: World) -> str:
    for tenant in (world.north, world.south):
        UserFactory(tenant=tenant, email="twin@both.example")
    return "twin@both.example"


# Each makes an account, or none, and hands over the e-mail to try.
ACCOUNTS: dict[str, Callable[[World], str]] = {
    "known": lambda world: somebody(world, "known"),
    "unknown": lambda world: "unknown@north.example",
    "suspended": lambda world: somebody(world, "suspended", status=Status.SUSPENDED),
    "deleted": lambda world: somebody(world, "deleted", deleted_at="2026-01-01T00:00Z"),
    "without a password": lambda world: somebody(world, "bare", password="!never-a-hash"),
    "ambiguous": twins,
}


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is hashed, once the first refusal of all has made the hash that stands in for nobody's."""
    accounts.verify_credentials.__globals__["_dummy_hash"]()
    computed: list[str] = []
    verify = Argon2.verify

    def counted(self: Argon2, password: str, encoded: str) -> bool:
        computed.append(password)
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2, "verify", counted)
    return computed


class TestRefusedSignInTiming:
    @pytest.mark.parametrize("account", ACCOUNTS)
    @pytest.mark.parametrize("password", ["not it", PASSWORD, "x", "x" * 1024])
    def test_hashes_once_for_every_account(self, account, password, world: World, hashes: list[str]):
        email = ACCOUNTS[account](world)
        if (account, password) == ("known", PASSWORD):
            assert world.nobody.post(LOGIN, {"email": email, "password": password}).status_code == 200
        else:
            refuse(world, email, password)
        assert hashes == [password]

    @pytest.mark.parametrize("tenant", ["north", "south", "nowhere", "tnt_", "' OR 1=1--"])
    def test_hashes_once_for_every_tenant(self, tenant, world: World, hashes: list[str]):
        refuse(world, ACCOUNTS["known"](world), tenant=tenant)
        assert hashes == ["not it"]

    def test_throttled_sign_in_hashes_nothing(self, world: World, hashes: list[str], settings: Any):
        settings.SIGN_IN_FAILURES_PER_ACCOUNT = 2
        for account in ("known", "unknown"):
            email = ACCOUNTS[account](world)
            answers = [world.nobody.post(LOGIN, {"email": email, "password": "x"}).status_code for _ in range(3)]
            assert answers == [401, 401, 429]
        assert len(hashes) == 4

    def test_dummy_hash_is_as_expensive_as_a_real_one(self):
        real, dummy = hashed_password(), accounts.verify_credentials.__globals__["_dummy_hash"]()
        assert real.split("$")[:4] == dummy.split("$")[:4]
        assert "m=19456,t=2,p=1" in real

    @pytest.mark.sampled
    def test_takes_equally_long_for_known_and_unknown_accounts(self, world: World, settings: Any):
        """Measured in processor time, so that other load makes no difference."""
        settings.SIGN_IN_FAILURES_PER_ACCOUNT = settings.SIGN_IN_FAILURES_PER_ADDRESS = 10_000
        emails = {
            account: ACCOUNTS[account](world) for account in ("known", "unknown", "suspended", "without a password")
        }
        taken: dict[str, list[float]] = {account: [] for account in emails}
        for _ in range(SAMPLES):
            for account in shuffled(emails):
                began = time.thread_time()
                refuse(world, emails[account])
                taken[account].append(time.thread_time() - began)
        usual = median(taken["known"])
        assert {account: abs(median(times) / usual - 1) < 0.25 for account, times in taken.items()} == dict.fromkeys(
            emails, True
        )


def shuffled(names: Any) -> list[str]:
    order = list(names)
    shuffle(order)
    return order


class TestRefusedClientTiming:
    @pytest.mark.parametrize("client_id", ["billing", "unknown", "suspended", "without-secret"])
    def test_compares_one_secret_for_every_client(self, client_id, world: World, monkeypatch: pytest.MonkeyPatch):
        for name, columns in (
            ("billing", {}),
            ("suspended", {"status": "SUSPENDED"}),
            ("without-secret", {"secret_digest": None}),
        ):
            application = world.make_service(name, [Scope.ADMIN_READ])
            type(application).objects.filter(pk=application.pk).update(**columns)
        compared: list[tuple[int, int]] = []

        def compare(one: bytes, other: bytes) -> bool:
            compared.append((len(one), len(other)))
            return one == other

        monkeypatch.setattr("accounts.operations.clients.hmac.compare_digest", compare)
        with pytest.raises(accounts.ClientRefused, match="Unknown client or wrong secret"):
            accounts.issue_token(client_id, "not it", None, origin=Origin())
        assert compared == [(32, 32)]
