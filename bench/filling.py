"""Sessions by the million: rows that look lived in, copied in past the triggers and the indexes.

Both are caught up on afterwards: the counters by the product's own rebuild, the indexes as they were defined.
"""

import random
import struct
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from django.db import connection, transaction

from bench.copying import NULL, copy_in, field, without_indexes
from core.ids import uuid7
from sessions_app import counting, devices
from sessions_app.demo import NETWORKS, USER_AGENTS
from sessions_app.models import Reach, Revocation, Session
from tenancy.models import Tenant

DAY = 24 * 3600
OPENED_WITHIN, LIFETIME, SEEN_WITHIN, IDLE_LIMIT = 20 * DAY, 30 * DAY, 6 * DAY, 7 * DAY
SESSIONS_EACH = 5
ONE_OVER_IN = 11  # one that is over for every ten that live
YES, NO = field(True), field(False)
LIVE = NULL + field("") + field("") + NULL + NO
CHUNK = 2_000
BEGINNING = struct.Struct(">i16si16siqiqiqiqi32s")  # of a line: its keys, its moments, its digest
EPOCH = 946_684_800  # PostgreSQL counts from 2000
WEIGHTS = [34, 12, 11, 5, 22, 13, 3]  # of USER_AGENTS
METHODS = ["password"] * 7 + ["mfa"] * 3
VARYING = [
    "id",
    "user_id",
    "created_at",
    "last_activity_at",
    "expires_at",
    "due_at",
    "refresh_digest",
    "auth_method",
    *("user_agent", "browser", "os", "device_type"),
    *("ip_address", "last_ip_address", "location", "country"),
    "is_newest",
    *("revoked_at", "revoked_by", "revoke_reason", "revocation_id", "is_expired"),
]


@contextmanager
def filling(model: Session, progress: Callable[[int], object]) -> Iterator["Filling"]:
    """For the time of many tenants: then the indexes are made, and everything is counted."""
    with without_indexes("accounts_user", "sessions_app_session"):
        yield Filling(model, progress)
    counting.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


class Filling:
    """`model` is a session that somebody opened: what is not said of the others is as it is there."""

    def __init__(self, model: Session, progress: Callable[[int], object]) -> None:
        self.model, self.progress = model, progress
        self.dice = random.Random(1707)  # noqa: S311 - believable, not secret
        self.now = time.time()
        self.methods = [field(method) for method in METHODS]
        self.devices = [device_of(user_agent) for user_agent in USER_AGENTS]
        self.addresses = [address_of(network, last) for network in NETWORKS for last in range(1, 255)]
        self.gone = Revocation.objects.create(
            reach=Reach.SESSION, reason="signed out", actor_id="usr", actor_label="whoever it was"
        )

    @transaction.atomic
    def fill(self, tenant: Tenant, live: int) -> None:
        """So many live sessions, and a tenth as many that are over, of a fifth as many people."""
        total = rows_for(live)
        owners = Owners(self.dice, total, people=max(1, live // SESSIONS_EACH))
        of = {"tenant_id": field(tenant.pk), "role": field("user")}
        copy_in(self.model.user, ["id", "email"], owners.lines(), same=of | {"tenant_kind": field(tenant.kind)})
        copy_in(self.model, VARYING, self.lines(owners, total), same=of | {"partner_id": field(tenant.partner_id)})

    def lines(self, owners: "Owners", total: int) -> Iterator[list[bytes]]:
        oldest, step = self.now - OPENED_WITHIN, OPENED_WITHIN / total
        for start in range(0, total, CHUNK):
            numbers = range(start, min(start + CHUNK, total))
            methods = self.dice.choices(self.methods, k=len(numbers))
            seen_on = self.dice.choices(self.devices, WEIGHTS, k=len(numbers))
            seen_at = self.dice.choices(self.addresses, k=len(numbers))
            looks = map(b"".join, zip(methods, seen_on, seen_at, strict=True))
            yield [
                self.line(number, oldest + number * step, owners, look)
                for number, look in zip(numbers, looks, strict=True)
            ]
            self.progress(len(numbers))

    def line(self, number: int, opened: float, owners: "Owners", looks: bytes) -> bytes:
        dice, owner = self.dice, owners.of[number]
        seen = self.now - min(self.now - opened, SEEN_WITHIN) * dice.random() ** 3
        expires = opened + LIFETIME
        bits = dice.getrandbits(74)
        key = int(opened * 1000) << 80 | 0x7 << 76 | bits >> 62 << 64 | 0b10 << 62 | bits & (1 << 62) - 1
        moments = (8, wire(opened), 8, wire(seen), 8, wire(expires), 8, wire(min(expires, seen + IDLE_LIMIT)))
        keys = (16, key.to_bytes(16), 16, (owners.first + owner).to_bytes(16))
        beginning = BEGINNING.pack(*keys, *moments, 32, dice.randbytes(32))
        return beginning + looks + (YES if owners.newest[owner] == number else NO) + self.end(number, seen)

    def end(self, number: int, seen: float) -> bytes:
        if not is_over(number):
            return LIVE
        at = field(wire(seen).to_bytes(8))
        if number % 2:
            return at + field("usr") + field("signed out") + field(self.gone.pk) + NO
        return at + field("system:expire_sessions") + field("idle") + NULL + YES


class Owners:
    """Whose each session is. Some people have many; the newest that lives of each is known."""

    def __init__(self, dice: random.Random, total: int, people: int) -> None:
        self.first = uuid7().int >> 62 << 62
        self.people = people
        self.of = array("L", (int(people * dice.random() ** 1.4) for _ in range(total)))
        self.newest = array("l", [-1]) * people
        for number, owner in enumerate(self.of):
            if not is_over(number):
                self.newest[owner] = number

    def lines(self) -> Iterator[list[bytes]]:
        for start in range(0, self.people, CHUNK):
            numbers = range(start, min(start + CHUNK, self.people))
            yield [
                field((self.first + number).to_bytes(16)) + field(f"person{number}@bench.example") for number in numbers
            ]


def wire(moment: float) -> int:
    return int((moment - EPOCH) * 1_000_000)


def over_beside(live: int) -> int:
    """Sessions that are over, for so many that live."""
    return live // (ONE_OVER_IN - 1)


def rows_for(live: int) -> int:
    return live + over_beside(live)


def is_over(number: int) -> bool:
    return number % ONE_OVER_IN == ONE_OVER_IN // 2


def device_of(user_agent: str) -> bytes:
    device = devices.describe(user_agent)
    return b"".join(map(field, [user_agent, device.browser, device.os, device.device_type]))


def address_of(network: str, last: int) -> bytes:
    address = network.format(last)
    plain = field(inet(address))
    return plain + plain + field(devices.locate(address)) + field(devices.country(address))


def inet(address: str) -> bytes:
    """One host, in PostgreSQL's own form: family, bits, whether it is a network, length, address."""
    packed = ip_address(address).packed
    return bytes([2 if len(packed) == 4 else 3, len(packed) * 8, 0, len(packed)]) + packed
