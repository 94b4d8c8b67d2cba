"""How often a caller may ask: per token, else per user, else per network address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:  # REST framework reads its settings while this module is being imported
    from rest_framework.views import APIView

from sessions_app import rates
from sessions_app.addresses import client_network
from sessions_app.models import ApiToken


class CallerThrottle(BaseThrottle):
    """Grants what ``VCFLOW_API_RATE`` allows, counted over all processes."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether the caller has a request left in this window."""
        rate: tuple[int, int] | None = settings.VCFLOW_API_RATE
        return rate is None or rates.spend(caller_of(request), *rate)

    def wait(self) -> int:
        """After how many seconds asking again is worth it."""
        _limit, period = settings.VCFLOW_API_RATE or (0, 1)
        return rates.seconds_left(period)


def refuse_strangers_flood(request: Request) -> None:
    """Count a request without valid credentials; raises Throttled when its address has none left."""
    rate: tuple[int, int] | None = settings.VCFLOW_API_RATE
    if rate is not None and not rates.spend(_address(request), *rate):
        raise Throttled(rates.seconds_left(rate[1]))


def caller_of(request: Request) -> str:
    """Whose requests are counted together."""
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.token_key}"
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return _address(request)


def _address(request: Request) -> str:
    return f"address:{client_network(request)}"
