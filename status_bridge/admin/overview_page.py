"""What the overview's page shows: scores in signs and words, and a link to the list behind each number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sessions_app import machine
from sessions_app.admin.parts import NOTHING
from sessions_app.language import ngettext
from sessions_app.text import visible
from status_bridge.admin.looks import address_of, level_badge
from status_bridge.health import Domain, Reason
from status_bridge.health_deliveries import CONFLICTS
from status_bridge.mapping import STATUS_SESSION_MAPPING
from status_bridge.models import EntryStatus
from status_bridge.overview import SESSIONS, Overview
from status_bridge.words import count_name

_PAGES = {
    "sessions": "sessions_app_flowsession",
    "stages": "stages_app_stageinstance",
    "deliveries": "status_bridge_subscription",
}
"""By domain: whose ids its reasons name."""


class Figure(NamedTuple):
    """A number, what it counts, and the list of what was counted; empty: there is none."""

    label: str
    number: int
    address: str = ""


def overview_context(found: Overview) -> dict[str, Any]:
    """The overview for its template."""
    left = found.workflows_left_out
    return {
        "overview": found,
        "badge": level_badge(found.level),
        "formula": visible(found.formula),
        "domains": [_domain(domain) for domain in found.domains],
        "workflows": [
            _row(row["workflow_id"], row, {"workflow__id__exact": row["workflow_id"]}) for row in found.workflows
        ],
        "types": [_row(row["type"] or NOTHING, row) for row in found.types],
        "left_out": left
        and ngettext("{count} more is not shown.", "{count} more are not shown.", left).format(count=left),
    }


def list_address(model: str, **lookups: str) -> str:
    """A list of the admin, narrowed."""
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(lookups)}" if lookups else address


def _domain(domain: Domain) -> dict[str, Any]:
    return {
        "name": domain.name,
        "title": visible(domain.title),
        "score": domain.score,
        "badge": level_badge(domain.level),
        "formula": visible(domain.formula),
        "figures": [
            Figure(visible(count_name(key)), number, _counted_in(domain.name, key))
            for key, number in sorted(domain.counts.items(), key=lambda item: item[0] != "open")
            if type(number) is int and (number or key in ("open", "active", "waiting", "workers"))
        ],
        "reasons": [_reason(domain.name, reason) for reason in domain.reasons],
    }


def _counted_in(domain: str, key: str) -> str:
    """The list of what a domain's number counts."""
    if domain == "sessions" and key in STATUS_SESSION_MAPPING:
        return list_address("sessions_app_flowsession", status__exact=STATUS_SESSION_MAPPING[EntryStatus(key)])
    if domain == "sessions" and key == "open":
        return list_address("sessions_app_flowsession", status__in=",".join(machine.OPEN))
    if domain == "stages" and key in ("active", "paused", "failed"):
        return list_address("stages_app_stageinstance", status__exact=key.upper())
    if domain == "deliveries":
        models = {"conflicts": "conflict", "workers": "workerbeat"}
        return list_address(f"status_bridge_{models.get(key, 'subscription')}")
    return ""


def _reason(domain: str, reason: Reason) -> dict[str, Any]:
    return {
        "text": visible(reason.text),
        "address": _list_of(reason.list),
        "named": [(visible(key), _page_of(domain, key)) for key in reason.ids],
    }


def _page_of(domain: str, key: str) -> str:
    return address_of(_PAGES[domain], key) if domain in _PAGES else ""


def _list_of(address: str | None) -> str:
    """The admin's list for one of the API's; a plugin's has none here."""
    parts = urlsplit(address or "")
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path == CONFLICTS:
        return list_address("status_bridge_conflict", settled="no")
    if parts.path != urlsplit(SESSIONS).path:
        return ""
    if "stuck_since" in asked:
        at_work = f"{EntryStatus.IN_PROGRESS},{EntryStatus.ON_HOLD}"
        return list_address("status_bridge_statusentry", status__in=at_work, updated_at__lt=asked["stuck_since"])
    return list_address("sessions_app_flowsession", **({"status__exact": asked["status"]} if "status" in asked else {}))


def _row(name: str, row: Mapping[str, Any], only: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A line of a table; the counts of a workflow lead to its sessions."""
    return {
        "name": visible(name),
        "badge": level_badge(row["level"]),
        "score": row["score"],
        "stuck": row["stuck"],
        "figures": list(_counts(row, only)),
    }


def _counts(row: Mapping[str, Any], only: Mapping[str, str] | None) -> Iterable[Figure]:
    counts = row["counts"]
    shown = {
        str(_("Open")): (row["open"], {"status__in": ",".join(machine.OPEN)}),
        str(_("Failed")): (counts["FAILED"], {"status__exact": machine.FAILED}),
        str(_("Completed")): (counts["COMPLETED"], {"status__exact": machine.COMPLETED}),
    }
    for label, (number, lookups) in shown.items():
        address = list_address("sessions_app_flowsession", **only, **lookups) if only and number else ""
        yield Figure(label, number, address)
