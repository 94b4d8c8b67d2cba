"""The setting ``VCFLOW_OUTGOING_ALLOW``: what vcflow may call beside public addresses."""

from __future__ import annotations

from sessions_app.language import gettext as _
from status_bridge.net_addresses import read_allowed


def parse_allowed(value: str) -> tuple[str, ...]:
    """Addresses, networks and host names, separated by commas, each in its usual form; else ``ValueError``."""
    return tuple(_read(entry.strip()) for entry in value.split(",") if entry.strip())


def _read(entry: str) -> str:
    try:
        return str(read_allowed(entry))
    except ValueError as error:
        raise ValueError(
            _(
                "Give addresses, networks or host names separated by commas, without http:// and ports, "
                "such as 10.0.0.5, 10.1.0.0/16, hooks.example.com: {entry} is none."
            ).format(entry=repr(entry))
        ) from error
