"""Whether the server may start: beyond this machine only when nothing about it is careless."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.core import checks

from sessions_app.language import gettext as _
from vcflow_site.data_folder import ConfigError

ABOUT_HTTPS = frozenset(f"security.{number}" for number in ("W004", "W008", "W010", "W011", "W012", "W016"))
"""What the deployment check says of a server without HTTPS."""


def refuse_unsafe_start() -> None:
    """Raise :class:`ConfigError` when others are let in and the deployment check finds something.

    Whoever sets ``VCFLOW_HTTPS=0`` has been told what that means, and isn't told again.
    """
    foreign = ", ".join(host for host in settings.ALLOWED_HOSTS if not is_loopback(host))
    if not foreign:
        return
    if settings.DEBUG:
        message = _("The server doesn't start for {hosts} with VCFLOW_DEBUG, which shows its secrets to everybody.")
        raise _refusal(message.format(hosts=foreign), _("Unset VCFLOW_DEBUG."))
    if not settings.VCFLOW_HTTPS:
        message = _("The server doesn't start for {hosts} before VCFLOW_HTTPS says how passwords are protected.")
        raise _refusal(message.format(hosts=foreign), _say_https())
    faults = " ".join(deployment_faults())
    if faults:
        message = _("The server doesn't start for {hosts}: the deployment check finds: {faults}")
        fix = _("Mend that; 'python manage.py check --deploy' looks again.")
        raise _refusal(message.format(hosts=foreign, faults=faults), fix)


def is_loopback(host: str) -> bool:
    """Whether only this machine can be meant by a name of ``VCFLOW_ALLOWED_HOSTS``."""
    name = host.strip("[].").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def deployment_faults() -> list[str]:
    """What Django's deployment check finds in the security settings, as sentences with their ids."""
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    accepted = ABOUT_HTTPS if settings.VCFLOW_HTTPS == "0" else frozenset()
    return [f"{message.msg} ({message.id})" for message in found if message.id not in accepted]


def _refusal(message: str, fix: str) -> ConfigError:
    return ConfigError(message, fix=fix, setting="VCFLOW_ALLOWED_HOSTS")


def _say_https() -> str:
    return _(
        "Set VCFLOW_HTTPS to proxy (a proxy with TLS stands before it), to 1 (this server has the certificate), "
        "or to 0 (passwords and tokens may be read on the way)."
    )
