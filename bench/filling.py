"""Sessions by the million: rows that look lived in, copied in past the triggers and the indexes.

Both are caught up on afterwards: the counters by the product's own rebuild, the indexes as they were defined.
"""

import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from django.db import connection, transaction

from accounts.operations import counter_maintenance as user_counters
from bench.copying import NULL, copy_in, field, without_indexes
from bench.crowds import CHUNK, DAY, Crowd
from bench.progress import say
from sessions_app import devices
from sessions_app.demo import NETWORKS, USER_AGENTS
from sessions_app.models import Reach, Revocation, Session
from sessions_app.operations import counter_maintenance
from tenancy.models import Tenant

OPENED_WITHIN, LIFETIME, SEEN_WITHIN, IDLE_LIMIT = 20 * DAY, 30 * DAY, 6 * DAY, 7 * DAY
YES, NO = field(True), field(False)
LIVE = NULL + field("") + field("") + NULL + NO
BEGINNING = struct.Struct(">i16si16siqiqiq")  # of a line: its keys and its moments
DUE = struct.Struct(">iq")
DIGEST = struct.Struct(">i32s")
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
def filling(model: Session) -> Iterator["Filling"]:
    """For the time of many tenants: then the indexes are made, and everything is counted."""
    with without_indexes("accounts_user", "sessions_app_session"):
        yield Filling(model)
        say("making the indexes")
    say("counting")
    counter_maintenance.recount()
    user_counters.recount()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


class Filling:
    """`model` is a session that somebody opened: what is not said of the others is as it is there."""

    def __init__(self, model: Session) -> None:
        self.model = model
        self.dice = random.Random(1707)  # noqa: S311 - believable, not secret
        self.now = time.time()
        self.methods = [field(method) for method in METHODS]
        self.devices = [device_of(user_agent) for user_agent in USER_AGENTS]
        self.addresses = [address_of(network, last) for network in NETWORKS for last in range(1, 255)]
        self.gone = Revocation.objects.create(
            reach=Reach.SESSION, reason="signed out", actor_id="usr", actor_label="whoever it was"
        )

    @transaction.atomic
    def fill(self, tenant: Tenant, crowd: Crowd, told: Callable[[int], object]) -> None:
        of = {"tenant_id": field(tenant.pk), "role": field("user")}
        copy_in(self.model.user, ["id", "email"], crowd.lines(), same=of | {"tenant_kind": field(tenant.kind)})
        of["partner_id"] = field(tenant.partner_id)
        copy_in(self.model, VARYING, self.lines(crowd, told), same=of)

    def lines(self, crowd: Crowd, told: Callable[[int], object]) -> Iterator[list[bytes]]:
        oldest, step = self.now - crowd.ago - OPENED_WITHIN, OPENED_WITHIN / crowd.total
        for start in range(0, crowd.total, CHUNK):
            numbers = range(start, min(start + CHUNK, crowd.total))
            methods = self.dice.choices(self.methods, k=len(numbers))
            seen_on = self.dice.choices(self.devices, WEIGHTS, k=len(numbers))
            seen_at = self.dice.choices(self.addresses, k=len(numbers))
            looks = map(b"".join, zip(methods, seen_on, seen_at, strict=True))
            yield [
                self.line(number, oldest + number * step, crowd, look)
                for number, look in zip(numbers, looks, strict=True)
            ]
            told(len(numbers))

    def line(self, number: int, opened: float, crowd: Crowd, looks: bytes) -> bytes:
        until = self.now - crowd.ago
        seen = until - min(until - opened, SEEN_WITHIN) * self.dice.random() ** 3
        expires = opened + LIFETIME
        bits = self.dice.getrandbits(74)
        key = int(opened * 1000) << 80 | 0x7 << 76 | bits >> 62 << 64 | 0b10 << 62 | bits & (1 << 62) - 1
        moments = (8, wire(opened), 8, wire(seen), 8, wire(expires))
        beginning = BEGINNING.pack(16, key.to_bytes(16), 16, crowd.owner(number), *moments)
        is_over = crowd.is_over(number)
        due = NULL if is_over else DUE.pack(8, wire(min(expires, seen + IDLE_LIMIT)))
        ending = self.end(number, seen) if is_over else LIVE
        newest = YES if crowd.is_newest(number) else NO
        return beginning + due + DIGEST.pack(32, self.dice.randbytes(32)) + looks + newest + ending

    def end(self, number: int, seen: float) -> bytes:
        at = field(wire(seen).to_bytes(8))
        if number % 2:
            return at + field("usr") + field("signed out") + field(self.gone.pk) + NO
        return at + field("system:expire_sessions") + field("idle") + NULL + YES


def wire(moment: float) -> int:
    return int((moment - EPOCH) * 1_000_000)


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
