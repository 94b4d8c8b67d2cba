"""How pages show what this floor knows: a sign and a word for each state, links to what is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as lazy

from sessions_app.admin.parts import NOTHING, may_look
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.text import visible
from sessions_app.words import LOOKS
from status_bridge.mapping import STATUS_SESSION_MAPPING
from status_bridge.models import DeliveryState, EntryStatus
from status_bridge.representation import Standing
from status_bridge.subscription_standing import (
    ACTIVE,
    DELIVERY_STATES,
    FAILING,
    MOST_COUNTED,
    OFF,
    PARKED,
    STATES,
    state_of,
)
from status_bridge.words import count_name, entry_status_name, level_name

_LEVELS = {
    "healthy": ("completed", "✓"),
    "attention": ("paused", "!"),
    "unhealthy": ("failed", "✕"),
    "unknown": ("pending", "?"),
}
_STANDINGS = {ACTIVE: ("completed", "✓"), FAILING: ("paused", "!"), PARKED: ("failed", "‖"), OFF: ("aborted", "■")}
_DELIVERIES: Mapping[str, tuple[str, str]] = {
    DeliveryState.WAITING: ("pending", "○"),
    DeliveryState.DELIVERED: ("completed", "✓"),
    DeliveryState.PARKED: ("failed", "‖"),
    DeliveryState.SKIPPED: ("aborted", "»"),
}


def badge(look: str, sign: str, word: str) -> SafeString:
    """A state's sign and word; ``look`` is the state whose colours it has."""
    return format_html(
        '<span class="vc-state vc-{}"><span aria-hidden="true">{}</span> {}</span>', look, sign, visible(word)
    )


def entry_badge(status: str) -> SafeString:
    """A status of the status system."""
    meant = STATUS_SESSION_MAPPING[EntryStatus(status)]
    return badge(meant.lower(), LOOKS[meant].sign, entry_status_name(status))


def level_badge(level: str) -> SafeString:
    """A level of health."""
    return badge(*_LEVELS[level], level_name(level))


def standing_badge(row: Any) -> SafeString:
    """How a webhook does, of a row with its standing."""
    state = state_of(row)
    return badge(*_STANDINGS[state], _(STATES[state]))


def delivery_badge(state: str) -> SafeString:
    """Where a message is."""
    return badge(*_DELIVERIES[state], _(DELIVERY_STATES[DeliveryState(state)]))


def counted(number: int) -> str:
    """A number, or that it is more than anybody counts."""
    return f"{number:,}+" if number >= MOST_COUNTED else str(number)


def address_of(model: str, key: str | int) -> str:
    """The admin's page of a row; ``model`` is such as ``status_bridge_conflict``."""
    return reverse(f"admin:{model}_change", args=[quote(key)])


def link(address: str, text: object) -> SafeString:
    """A link whose text somebody may have given."""
    return format_html('<a href="{}"><span class="told">{}</span></a>', address, visible(str(text)))


def session_link(user: PermissionsMixin | AnonymousUser, session_id: str) -> str:
    """A link to a session's page, for whoever may open it; nothing where there is no session."""
    if not session_id:
        return NOTHING
    address = address_of("sessions_app_flowsession", session_id)
    return link(address, session_id) if may_look(user, FlowSession) else visible(session_id)


class SessionColumn:
    """Stands before ``ModelAdmin``: the column ``shown_session``, a link for whoever may open sessions."""

    @admin.display(description=lazy("session"), ordering="session")
    def shown_session(self, row: Any) -> str:
        """The link."""
        return link(address_of("sessions_app_flowsession", row.session_id), row.session_id)

    @admin.display(description=lazy("session"), ordering="session")
    def named_session(self, row: Any) -> str:
        """The id alone."""
        return visible(row.session_id)

    def get_list_display(self, request: HttpRequest) -> Any:
        """The column that the reader can use."""
        columns: Any = super().get_list_display(request)  # type: ignore[misc]  # of the ModelAdmin that follows
        if may_look(request.user, FlowSession):
            return columns
        return ["named_session" if name == "shown_session" else name for name in columns]


def on_the_way(standing: Standing) -> str:
    """What the outside doesn't know yet, and on how much it disagrees; nothing where all is told."""
    told = [(count_name(name), count) for name, count in standing._asdict().items() if count]
    return format_html_join(", ", "{}: {}", told) or NOTHING
