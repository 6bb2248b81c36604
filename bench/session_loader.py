"""Load sessions by the million: realistic rows, copied in without triggers or indexes.

The indexes are built afterwards from their definitions, and the counters by the product's own `recount` operations.
"""

import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from django.db import connection, transaction

from accounts.operations import counter_maintenance as user_counters
from bench.binary_copy import NULL, copy_rows, field, without_indexes
from bench.populations import CHUNK, DAY, Population
from bench.progress import print_status
from sessions_app import devices
from sessions_app.demo import NETWORKS, USER_AGENTS
from sessions_app.models import Revocation, RevocationScope, Session
from sessions_app.operations import counter_maintenance as session_counters
from tenancy.models import Tenant

OPENED_WITHIN, LIFETIME, ACTIVE_WITHIN, IDLE_LIMIT = 20 * DAY, 30 * DAY, 6 * DAY, 7 * DAY
YES, NO = field(True), field(False)
LIVE = NULL + field("") + field("") + NULL + NO
ROW_START = struct.Struct(">i16si16siqiqiq")  # the two ids and the three times
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
def bulk_load(template: Session) -> Iterator["SessionLoader"]:
    """Load any number of tenants, and then build the indexes and the counters once."""
    with without_indexes("accounts_user", "sessions_app_session"):
        yield SessionLoader(template)
        print_status("building the indexes")
    print_status("building the counters")
    session_counters.recount()
    user_counters.recount()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


class SessionLoader:
    """Copies sessions and their users. Columns that do not vary are taken from `template`, an existing session."""

    def __init__(self, template: Session) -> None:
        self.template = template
        self.rng = random.Random(1707)  # noqa: S311 - realistic, not secret
        self.now = time.time()
        self.methods = [field(method) for method in METHODS]
        self.devices = [device_columns(user_agent) for user_agent in USER_AGENTS]
        self.addresses = [address_columns(network, last) for network in NETWORKS for last in range(1, 255)]
        self.revocation = Revocation.objects.create(
            reach=RevocationScope.SESSION, reason="signed out", actor_id="usr", actor_label="the session's user"
        )

    @transaction.atomic
    def load(self, tenant: Tenant, population: Population, on_progress: Callable[[int], object]) -> None:
        constant = {"tenant_id": field(tenant.pk), "role": field("user")}
        user_constant = constant | {"tenant_kind": field(tenant.kind)}
        copy_rows(self.template.user, ["id", "email"], population.user_rows(), constant=user_constant)
        constant["partner_id"] = field(tenant.partner_id)
        copy_rows(self.template, VARYING, self.session_rows(population, on_progress), constant=constant)

    def session_rows(self, population: Population, on_progress: Callable[[int], object]) -> Iterator[list[bytes]]:
        oldest, step = self.now - population.seconds_ago - OPENED_WITHIN, OPENED_WITHIN / population.total
        for start in range(0, population.total, CHUNK):
            numbers = range(start, min(start + CHUNK, population.total))
            methods = self.rng.choices(self.methods, k=len(numbers))
            devices = self.rng.choices(self.devices, WEIGHTS, k=len(numbers))
            addresses = self.rng.choices(self.addresses, k=len(numbers))
            clients = map(b"".join, zip(methods, devices, addresses, strict=True))
            yield [
                self.session_row(number, oldest + number * step, population, client)
                for number, client in zip(numbers, clients, strict=True)
            ]
            on_progress(len(numbers))

    def session_row(self, number: int, opened: float, population: Population, client: bytes) -> bytes:
        latest = self.now - population.seconds_ago
        active = latest - min(latest - opened, ACTIVE_WITHIN) * self.rng.random() ** 3
        expires = opened + LIFETIME
        bits = self.rng.getrandbits(74)
        key = int(opened * 1000) << 80 | 0x7 << 76 | bits >> 62 << 64 | 0b10 << 62 | bits & (1 << 62) - 1
        times = (8, pg_timestamp(opened), 8, pg_timestamp(active), 8, pg_timestamp(expires))
        row_start = ROW_START.pack(16, key.to_bytes(16), 16, population.owner(number), *times)
        is_ended = population.is_ended(number)
        due = NULL if is_ended else DUE.pack(8, pg_timestamp(min(expires, active + IDLE_LIMIT)))
        state = self.ended_columns(number, active) if is_ended else LIVE
        newest = YES if population.is_newest(number) else NO
        return row_start + due + DIGEST.pack(32, self.rng.randbytes(32)) + client + newest + state

    def ended_columns(self, number: int, active: float) -> bytes:
        """Encode how a session ended: half of them were signed out, half expired."""
        at = field(pg_timestamp(active).to_bytes(8))
        if number % 2:
            return at + field("usr") + field("signed out") + field(self.revocation.pk) + NO
        return at + field("system:expire_sessions") + field("idle") + NULL + YES


def pg_timestamp(seconds: float) -> int:
    return int((seconds - EPOCH) * 1_000_000)


def device_columns(user_agent: str) -> bytes:
    device = devices.describe(user_agent)
    return b"".join(map(field, [user_agent, device.browser, device.os, device.device_type]))


def address_columns(network: str, last: int) -> bytes:
    address = network.format(last)
    encoded = field(inet(address))
    return encoded + encoded + field(devices.locate(address)) + field(devices.country(address))


def inet(address: str) -> bytes:
    """Encode a single host as PostgreSQL does: family, prefix length, whether it is a network, length, address."""
    packed = ip_address(address).packed
    return bytes([2 if len(packed) == 4 else 3, len(packed) * 8, 0, len(packed)]) + packed
