"""What the probes ask, answered before any other middleware: they come with the pod's address as host."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def live() -> HttpResponse:
    """The process answers. It asks nothing else, so that a database that is away restarts no pod."""
    return JsonResponse({"status": "alive"})


def ready() -> HttpResponse:
    """What requests need is there."""
    failures = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        failures["database"] = type(error).__name__
    try:
        cache.get("health")
    except Exception as error:
        failures["cache"] = type(error).__name__
    if failures:
        return JsonResponse({"status": "unready", "failures": failures}, status=503)
    return JsonResponse({"status": "ready"})


ANSWERS = {"/health/live": live, "/health/ready": ready}


class HealthMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest):
        answer = ANSWERS.get(request.path)
        if iscoroutinefunction(self.get_response):
            if answer is live:
                return self.immediate(answer)
            return sync_to_async(answer)() if answer else self.get_response(request)
        return answer() if answer else self.get_response(request)

    @staticmethod
    async def immediate(answer) -> HttpResponse:
        return answer()
