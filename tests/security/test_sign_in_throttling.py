"""Repeated sign-in failures are throttled, and cannot be used to lock other users out."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow as Now  # what the throttle goes by
from django.db.models import F

from accounts import operations as accounts
from accounts.jobs import purge_sign_in_throttles
from accounts.models import SignInThrottle, TotpDevice, User
from audit.models import AuditEntry
from tests.factories import hashed_password
from tests.world import PASSWORD, SYSTEM, World

LOGIN = "/api/v1/auth/login"
HOME, ELSEWHERE, THIRD = "203.0.113.1", "203.0.113.2", "203.0.113.3"
WAIT = {"detail": "Too many failed sign-ins; wait as many seconds as Retry-After says"}


def sign_in(
    world: World, email: str = "grace@north.example", password: str = PASSWORD, address: str = HOME, **more: Any
) -> Any:
    body = {"email": email, "password": password} | more
    return world.nobody.post(LOGIN, body, REMOTE_ADDR=address)


def guess(world: World, times: int = 1, **where: Any) -> list[int]:
    return [sign_in(world, password="wrong", **where).status_code for _ in range(times)]


def must_wait(answer: Any) -> int:
    """For how many seconds."""
    assert answer.status_code == 429, answer.content
    assert answer.json() == WAIT
    assert answer["Cache-Control"] == "no-store"
    assert answer["Retry-After"].isdecimal()
    return int(answer["Retry-After"])


def time_passes(seconds: float) -> None:
    """As the throttle sees it: everything it knows was so much longer ago."""
    ago = timedelta(seconds=seconds)
    SignInThrottle.objects.update(
        window_began_at=F("window_began_at") - ago, blocked_until=F("blocked_until") - ago, known_at=F("known_at") - ago
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Right and wrong without the work of finding out: hundreds of guesses, and none of this is about hashing."""

    def check(given: str, kept: str) -> bool:
        return given == PASSWORD and kept == hashed_password()

    monkeypatch.setattr("accounts.operations.sign_in.check_password", check)


def with_second_factor(user: User) -> None:
    accounts.enrol_totp(user, actor=SYSTEM)
    TotpDevice.objects.filter(user=user).update(confirmed_at=Now())


@pytest.fixture(autouse=True)
def grace(world: World) -> User:
    SignInThrottle.objects.all().delete()
    return world.person("grace", world.north)


class TestAccountThrottle:
    def test_eleventh_failure_is_429(self, world: World):
        assert guess(world, 10) == [401] * 10
        assert must_wait(sign_in(world)) == 30

    def test_failures_from_different_addresses_are_counted_together(self, world: World):
        for number in range(10):
            assert guess(world, address=f"203.0.113.{number}") == [401]
        must_wait(sign_in(world, address="198.51.100.1"))

    def test_failures_with_different_spellings_are_counted_together(self, world: World):
        ways = [
            {"tenant": "north"},
            {"tenant": world.north.handle},
            {"email": "GRACE@North.Example"},
            {},
            {"tenant": "south"},
        ]
        for way in ways * 2:
            assert guess(world, **way) == [401]
        for way in ways:
            must_wait(sign_in(world, **way))
        path = "/api/v1/auth/tenants/north/login"
        must_wait(world.nobody.post(path, {"email": "grace@north.example", "password": PASSWORD}, REMOTE_ADDR=HOME))

    def test_unknown_account_is_throttled_alike(self, world: World):
        assert guess(world, 10, email="nobody@north.example") == [401] * 10
        assert must_wait(sign_in(world, email="nobody@north.example")) == 30

    @pytest.mark.parametrize("column", ["status", "password"])
    def test_suspended_account_is_throttled_alike(self, column, world: World, grace: User):
        User.objects.filter(pk=grace.pk).update(**{column: {"status": "SUSPENDED", "password": "!"}[column]})
        assert guess(world, 10) == [401] * 10
        assert must_wait(sign_in(world)) == 30

    def test_other_accounts_are_not_throttled(self, world: World):
        alan = world.person("alan", world.north)
        guess(world, 10)
        assert sign_in(world, alan.email).status_code == 200

    def test_correct_password_is_429_while_blocked(self, world: World):
        guess(world, 10)
        for _ in range(3):
            must_wait(sign_in(world))
        time_passes(30)
        assert sign_in(world).status_code == 200

    def test_wrong_mfa_codes_count_as_failures(self, world: World, grace: User):
        with_second_factor(grace)
        answers = [sign_in(world, totp_code="000000").status_code for _ in range(5)]
        answers += [sign_in(world, recovery_code="aaaaa").status_code for _ in range(5)]
        assert answers == [401] * 10
        must_wait(sign_in(world))

    def test_missing_mfa_code_is_no_failure(self, world: World, grace: User):
        with_second_factor(grace)
        for _ in range(15):
            assert sign_in(world).json()["mfa_required"] is True
        assert guess(world, 10) == [401] * 10

    def test_account_of_the_same_email_in_another_tenant_does_not_reset_it(self, world: World):
        """A tenant admin can create a user of any e-mail address."""
        accounts.create_user(actor=SYSTEM, tenant=world.springfield, email="grace@north.example", password=None)
        User.objects.filter(tenant=world.springfield).update(password=hashed_password())
        theirs, ours = {"tenant": "springfield", "address": ELSEWHERE}, {"tenant": "north", "address": ELSEWHERE}
        seen: list[int] = []
        for _ in range(4):
            seen += guess(world, 3, **ours)
            assert sign_in(world, **theirs).status_code == 200
        assert seen == [401] * 10 + [429] * 2


class TestThrottleDelay:
    def test_doubles_with_each_failure_up_to_15_minutes(self, world: World):
        guess(world, 9)
        waits = []
        for _ in range(7):
            assert guess(world) == [401]
            waits.append(must_wait(sign_in(world)))
            time_passes(waits[-1])
        assert waits == [30, 60, 120, 240, 480, 900, 900]

    def test_starts_over_after_15_minutes_without_failures(self, world: World):
        guess(world, 10)
        time_passes(30 + 15 * 60 - 1)
        assert guess(world) == [401]
        assert must_wait(sign_in(world)) == 60
        time_passes(60 + 15 * 60 + 1)
        assert guess(world, 10) == [401] * 10
        assert must_wait(sign_in(world)) == 30

    def test_retry_after_is_the_remaining_time(self, world: World):
        guess(world, 10)
        SignInThrottle.objects.exclude(blocked_until=None).update(blocked_until=Now() + timedelta(seconds=6.2))
        assert must_wait(sign_in(world)) == 7

    def test_is_not_extended_by_requests_while_blocked(self, world: World):
        guess(world, 10)
        before = list(SignInThrottle.objects.order_by("key").values())
        for _ in range(5):
            must_wait(sign_in(world))
        assert list(SignInThrottle.objects.order_by("key").values()) == before

    def test_is_neither_reset_nor_extended_by_a_success(self, world: World):
        """Failures before and after the success count together for other addresses."""
        guess(world, 10)
        time_passes(30)
        assert sign_in(world, address=ELSEWHERE).status_code == 200
        assert guess(world, address=THIRD) == [401]

    def test_failures_15_minutes_apart_are_not_added_up(self, world: World):
        guess(world, 9)
        time_passes(15 * 60 + 1)
        assert guess(world, 10) == [401] * 10

    def test_failures_within_15_minutes_are_added_up(self, world: World):
        guess(world, 9)
        time_passes(15 * 60 - 1)
        assert guess(world, 2) == [401, 429]

    def test_follows_the_settings(self, world: World, settings: Any):
        settings.SIGN_IN_FAILURES_PER_ACCOUNT, settings.SIGN_IN_FIRST_WAIT, settings.SIGN_IN_LONGEST_WAIT = 3, 5, 8
        assert guess(world, 3) == [401] * 3
        assert must_wait(sign_in(world)) == 5
        time_passes(5)
        guess(world)
        assert must_wait(sign_in(world)) == 8
        settings.SIGN_IN_WINDOW = 60
        time_passes(8 + 61)
        assert guess(world, 3) == [401] * 3


class TestAddressThrottle:
    def test_hundred_and_first_failure_is_429(self, world: World):
        for number in range(100):
            assert guess(world, email=f"user{number}@north.example") == [401]
        assert must_wait(sign_in(world, "another@north.example")) == 30
        assert guess(world, address=ELSEWHERE) == [401]

    @pytest.fixture
    def three(self, settings: Any) -> None:
        settings.SIGN_IN_FAILURES_PER_ADDRESS = 3

    def test_ipv6_is_counted_by_64_bit_network(self, world: World, three: None):
        for number in range(3):
            assert guess(world, email=f"u{number}@x.example", address=f"2001:db8:1:2:{number}::{number}") == [401]
        must_wait(sign_in(world, address="2001:db8:1:2:ffff:ffff:ffff:ffff"))
        assert guess(world, address="2001:db8:1:3::1") == [401]

    def test_every_spelling_of_an_address_is_counted_together(self, world: World, three: None):
        for address in ("198.51.100.7", "::ffff:198.51.100.7", "::ffff:c633:6407"):
            assert guess(world, email=f"{address}@x.example".replace(":", ""), address=address) == [401]
        must_wait(sign_in(world, address="198.51.100.7"))

    def test_spoofed_forwarded_headers_are_ignored(self, world: World, three: None):
        for number in range(3):
            headers = {"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"}
            assert guess_with(world, headers, number) == 401
        assert guess_with(world, {"X-Forwarded-For": "198.51.100.200"}, 4) == 429

    def test_success_does_not_reset_the_count(self, world: World, three: None):
        """Otherwise an own account would allow guessing at others without limit."""
        answers = []
        for number in range(5):
            answers += guess(world, email=f"user{number}@north.example")
            sign_in(world, world.person(f"own{number}", world.north).email)
        assert answers == [401, 401, 401, 429, 429]

    def test_successes_are_not_counted(self, world: World, three: None):
        for number in range(8):
            assert sign_in(world, world.person(f"newcomer{number}", world.north).email).status_code == 200

    def test_requests_refused_by_the_account_throttle_are_not_counted(self, world: World, settings: Any):
        """Otherwise one script with an old password would block a whole office."""
        settings.SIGN_IN_FAILURES_PER_ADDRESS = 15
        guess(world, 10)
        for _ in range(20):
            must_wait(sign_in(world))
        assert sign_in(world, world.person("alan", world.north).email).status_code == 200

    def test_known_account_may_sign_in_from_a_blocked_address(self, world: World, three: None):
        assert sign_in(world).status_code == 200
        for number in range(3):
            guess(world, email=f"user{number}@north.example")
        must_wait(sign_in(world, world.person("alan", world.north).email))
        assert sign_in(world).status_code == 200


def guess_with(world: World, headers: dict[str, str], number: int) -> int:
    body = {"email": f"u{number}@x.example", "password": "wrong"}
    return world.nobody.post(LOGIN, body, headers=headers, REMOTE_ADDR=HOME).status_code


class TestKnownAddress:
    @pytest.fixture(autouse=True)
    def known(self, world: World) -> None:
        assert sign_in(world, address=HOME).status_code == 200

    def test_is_never_blocked_by_failures_elsewhere(self, world: World):
        for round_of_guesses in range(4):
            guess(world, 10 if round_of_guesses == 0 else 1, address=ELSEWHERE)
            must_wait(sign_in(world, address=ELSEWHERE))
            assert sign_in(world, address=HOME).status_code == 200
            time_passes(15 * 60)

    def test_own_eleventh_failure_is_429(self, world: World):
        assert guess(world, 10, address=HOME) == [401] * 10
        assert must_wait(sign_in(world, address=HOME)) == 30

    def test_failures_from_it_do_not_block_other_addresses(self, world: World):
        guess(world, 10, address=HOME)
        assert sign_in(world, address=ELSEWHERE).status_code == 200

    def test_success_resets_its_count(self, world: World):
        for _ in range(3):
            assert guess(world, 9, address=HOME) == [401] * 9
            assert sign_in(world, address=HOME).status_code == 200

    def test_other_addresses_are_blocked(self, world: World):
        guess(world, 10, address=ELSEWHERE)
        must_wait(sign_in(world, address=THIRD))

    def test_other_accounts_from_it_are_blocked(self, world: World):
        alan = world.person("alan", world.north)
        guess(world, 10, email=alan.email, address=ELSEWHERE)
        must_wait(sign_in(world, alan.email, address=HOME))

    def test_is_not_inherited_by_a_new_account_of_the_same_email(self, world: World, grace: User):
        """A known address belongs to the account, not to the e-mail address."""
        User.objects.filter(pk=grace.pk).update(deleted_at=Now())
        accounts.create_user(actor=SYSTEM, tenant=world.north, email=grace.email, password=None)
        User.objects.filter(email=grace.email, deleted_at=None).update(password=hashed_password())
        guess(world, 10, address=ELSEWHERE)
        must_wait(sign_in(world, address=HOME))


class TestSignInAudit:
    def reasons(self, **where: Any) -> list[tuple[str, str]]:
        entries = AuditEntry.objects.filter(action="authentication.sign_in", **where).order_by("number")
        return [(entry.result, entry.changes["reason"]) for entry in entries]

    def test_each_refusal_is_recorded_in_the_tenants_chain(self, world: World, grace: User):
        guess(world, 10)
        sign_in(world)
        expected = [("failure", "wrong credentials")] * 10 + [("denied", "throttled")]
        assert self.reasons(tenant_id=world.north.pk, resource_id=grace.handle) == expected

    def test_refusal_of_an_unknown_account_is_recorded_in_the_platforms_chain(self, world: World):
        guess(world, 1, email="never.seen@north.example")
        assert self.reasons(tenant_id=None, actor_label="never.seen@north.example") == [
            ("failure", "wrong credentials")
        ]

    def test_entry_has_the_address(self, world: World, grace: User):
        guess(world, 1, address="2001:db8::7")
        entry = AuditEntry.objects.get(resource_id=grace.handle, action="authentication.sign_in")
        assert (entry.ip_address, entry.actor_type, entry.actor_id) == ("2001:db8::7", "user", grace.handle)


class TestThrottlePurge:
    def test_expired_counters_are_deleted(self, world: World):
        guess(world, 3)
        purge_sign_in_throttles(0)
        assert SignInThrottle.objects.count() == 2
        time_passes(16 * 60)
        purge_sign_in_throttles(0)
        assert not SignInThrottle.objects.exists()

    def test_active_blocks_and_their_counts_are_kept(self, world: World):
        guess(world, 10)
        time_passes(30)
        guess(world)
        for seconds, left in ((20, 40), (39, 1)):
            time_passes(seconds)
            purge_sign_in_throttles(0)
            assert must_wait(sign_in(world)) == left
        time_passes(14 * 60)
        purge_sign_in_throttles(0)
        guess(world)
        assert must_wait(sign_in(world)) == 120

    def test_known_addresses_are_kept_for_a_year(self, world: World):
        sign_in(world)
        time_passes(364 * 24 * 3600)
        purge_sign_in_throttles(0)
        assert SignInThrottle.objects.exclude(known_at=None).exists()
        time_passes(2 * 24 * 3600)
        purge_sign_in_throttles(0)
        assert not SignInThrottle.objects.exists()
