"""Measure the cost of the main operations: sign in, refresh, revoke one session, sign out."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

from accounts.models import Role, User
from bench.callers import open_session
from bench.examples import CallerKind, Kind
from bench.figures import Figures, Row
from bench.fixtures import TenantFixture
from bench.load import RequestFailed
from bench.load.http_request import http_request
from bench.progress import print_status
from bench.route_costs import CostMeter
from bench.servers import running_server
from bench.work_counts import REPETITIONS, count_work
from bench.world import PASSWORD

REQUESTS_EACH = 200
WARM_UP = 50  # so that each worker has its database connection before anything is measured
Operation = tuple[str, str, str, dict[str, Any]]  # method, path, header, body


def measure(figures: Figures, fixtures: dict[int, TenantFixture], meter: CostMeter) -> None:
    print_status(f"measuring sign in, refresh, revoke and sign out, {REQUESTS_EACH} times each")
    with running_server("bench.product.settings_without_hash", "config.wsgi") as server:
        meter.load.send_count(server.port, [http_request("/readyz")], WARM_UP)
        for size, fixture in fixtures.items():
            for name, prepare in OPERATIONS.items():
                operations = prepare(fixture, REQUESTS_EACH + 1 + REPETITIONS)
                remaining = iter(operations[REQUESTS_EACH:])
                requests = [to_http(*operation) for operation in operations[:REQUESTS_EACH]]
                cost = meter.cost(server, requests, REQUESTS_EACH)
                work = count_work(lambda: perform(meter, *next(remaining)))  # noqa: B023 - called at once
                figures.costs[Row(name, Kind.OPERATION, "", size)] = cost.with_work(work.statements, work.rows)


def to_http(method: str, path: str, header: str, body: dict[str, Any]) -> str:
    return http_request(path, header, method=method, body=json.dumps(body) if body else "")


def perform(meter: CostMeter, method: str, path: str, header: str, body: dict[str, Any]) -> None:
    name, _, value = header.partition(": ")
    data = json.dumps(body) if body else ""
    headers = {name: value} if name else {}
    response: Any = meter.client.generic(method, path, data, "application/json", headers=headers)
    if not response.status_code < 300:
        raise RequestFailed(f"{method} {path} answers {response.status_code}: {response.content[:300]!r}")


def users_of(fixture: TenantFixture, count: int) -> list[User]:
    users = User.objects.filter(tenant=fixture.tenant, role=Role.USER).select_related("tenant").order_by("pk")
    return list(islice(users, count))


def sign_ins(fixture: TenantFixture, count: int) -> list[Operation]:
    body = {"password": PASSWORD, "tenant": fixture.tenant.slug}
    return [("POST", "/api/v1/auth/login", "", {**body, "email": user.email}) for user in users_of(fixture, count)]


def refreshes(fixture: TenantFixture, count: int) -> list[Operation]:
    tokens = [open_session(user).refresh_token for user in users_of(fixture, count)]
    return [("POST", "/api/v1/auth/refresh", "", {"refresh_token": token}) for token in tokens]


def revocations(fixture: TenantFixture, count: int) -> list[Operation]:
    header = fixture.callers[CallerKind.TENANT_ADMIN].bearer
    sessions = [open_session(user).session for user in users_of(fixture, count)]
    start = f"/api/v1/tenants/{fixture.tenant.handle}/sessions"
    return [("DELETE", f"{start}/{session.handle}", header, {}) for session in sessions]


def sign_outs(fixture: TenantFixture, count: int) -> list[Operation]:
    return [("POST", "/api/v1/auth/logout", open_session(user).bearer, {}) for user in users_of(fixture, count)]


OPERATIONS: dict[str, Callable[[TenantFixture, int], list[Operation]]] = {
    "sign in, without password hash": sign_ins,
    "refresh": refreshes,
    "revoke one session": revocations,
    "sign out": sign_outs,
}
