"""Liveness and readiness checks for load balancers and orchestrators."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.keyring import ring
from core.crypto import Unavailable


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    problem = readiness_problem()
    if problem:
        return JsonResponse({"status": "unavailable", "reason": problem}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"status": "ok"})


def readiness_problem() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not is_migrated():
            is_migrated.cache_clear()
            return "migrations are pending: run manage.py migrate"
        ring.signer()
    except DatabaseError:
        return "the database cannot be reached"
    except Unavailable:
        return "no signing key can be read under this SECRET_KEY: run manage.py rotate_signing_key --now"
    return None


@cache
def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
