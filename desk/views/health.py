"""Signs of life for load balancers and people on call. No names, no numbers of calls."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from live.selectors import heartbeats

REDIS_WAIT_S = 0.1


@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "up", "version": settings.APP_VERSION})


def _redis_state() -> str:
    if not settings.REDIS_URL:
        return "not configured"
    try:
        client = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=REDIS_WAIT_S, socket_timeout=REDIS_WAIT_S
        )
        client.ping()
        client.close()
    except (redis.RedisError, OSError):
        return "away: boards poll, calls are not affected"
    return "up"


@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Ready to take calls: the database answers and its tables are current. Redis is told, and never decides."""
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        loops = {f"{beat.role}:{beat.centre_id}": beat.at.isoformat() for beat in heartbeats()}
    except DatabaseError:
        return JsonResponse({"status": "not ready", "database": "away", "redis": _redis_state()}, status=503)
    body = {"database": "up", "migrations_waiting": waiting, "redis": _redis_state(), "heartbeats": loops}
    if waiting:
        return JsonResponse({"status": "not ready", **body}, status=503)
    return JsonResponse({"status": "ready", **body})
