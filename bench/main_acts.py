"""What the acts cost that a product of sessions is about: signing in, refreshing, revoking one, signing out."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

from accounts.models import Role, User
from bench.contents import Place
from bench.costs import Bench
from bench.counting import TIMES, work_of
from bench.examples import Kind, Who
from bench.figures import Figures, Row
from bench.load import NotAnswered
from bench.load.http import request
from bench.progress import say
from bench.serving import serving
from bench.visitors import visitor
from bench.world import PASSWORD

TIMES_EACH = 200
WARM_UP = 50  # so that each worker has its connection before an act is counted
Act = tuple[str, str, str, dict[str, Any]]  # the method, the path, the header, the body


def measure(figures: Figures, there: dict[int, Place], bench: Bench) -> None:
    say(f"signing in, refreshing, revoking and signing out, {TIMES_EACH} times each")
    with serving("bench.ours.unhashed", "config.wsgi") as server:
        bench.load.ask_times(server.port, [request("/readyz")], WARM_UP)
        for size, place in there.items():
            for name, prepare in ACTS.items():
                acts = prepare(place, TIMES_EACH + 1 + TIMES)
                counted = iter(acts[TIMES_EACH:])
                cost = bench.cost(server, [as_request(*act) for act in acts[:TIMES_EACH]], TIMES_EACH)
                work = work_of(lambda: carry_out(bench, *next(counted)))  # noqa: B023 - called at once
                figures.costs[Row(name, Kind.ACT, "", size)] = cost.with_work(work.statements, work.rows)


def as_request(method: str, path: str, header: str, body: dict[str, Any]) -> str:
    return request(path, header, method=method, body=json.dumps(body) if body else "")


def carry_out(bench: Bench, method: str, path: str, header: str, body: dict[str, Any]) -> None:
    name, _, value = header.partition(": ")
    data = json.dumps(body) if body else ""
    answer: Any = bench.http.generic(method, path, data, "application/json", headers={name: value} if name else {})
    if not answer.status_code < 300:
        raise NotAnswered(f"{method} {path} answers {answer.status_code}: {answer.content[:300]!r}")


def people(place: Place, count: int) -> list[User]:
    users = User.objects.filter(tenant=place.tenant, role=Role.USER).select_related("tenant").order_by("pk")
    return list(islice(users, count))


def sign_ins(place: Place, count: int) -> list[Act]:
    body = {"password": PASSWORD, "tenant": place.tenant.slug}
    return [("POST", "/api/v1/auth/login", "", {**body, "email": user.email}) for user in people(place, count)]


def refreshes(place: Place, count: int) -> list[Act]:
    tokens = [visitor(user).refresh_token for user in people(place, count)]
    return [("POST", "/api/v1/auth/refresh", "", {"refresh_token": token}) for token in tokens]


def revocations(place: Place, count: int) -> list[Act]:
    header = place.visitors[Who.ADMINISTRATOR].bearer
    sessions = [visitor(user).session for user in people(place, count)]
    start = f"/api/v1/tenants/{place.tenant.handle}/sessions"
    return [("DELETE", f"{start}/{session.handle}", header, {}) for session in sessions]


def sign_outs(place: Place, count: int) -> list[Act]:
    return [("POST", "/api/v1/auth/logout", visitor(user).bearer, {}) for user in people(place, count)]


ACTS: dict[str, Callable[[Place, int], list[Act]]] = {
    "sign in, without its hash": sign_ins,
    "refresh": refreshes,
    "revoke one session": revocations,
    "sign out": sign_outs,
}
