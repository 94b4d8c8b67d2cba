"""People who may open the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from sessions_app.models import FlowSession, SessionEvent
from tests.factories import events_of, user

SEEN = ("sessions_app", "stages_app", "status_bridge")


def staff_client(username: str, **options: Any) -> Client:
    """A browser in which somebody is signed in who may look at vcflow's pages: see ``tests.factories.user``."""
    made = user(username, **options)
    made.is_staff = True
    made.save(update_fields=["is_staff"])
    made.user_permissions.add(
        *Permission.objects.filter(content_type__app_label__in=SEEN, codename__startswith="view_")
    )
    client = Client(headers={"accept-language": "en"})
    client.force_login(made)
    return client


def session_url(flow_session: FlowSession) -> str:
    """The address of a session's page."""
    return reverse("admin:sessions_app_flowsession_change", args=[quote(flow_session.pk)])


def last_event(flow_session: FlowSession) -> SessionEvent:
    """The newest event of a session."""
    return events_of(flow_session)[-1]


def messages_of(answer: Any) -> str:
    """What the page that an answer led to says."""
    return " ".join(str(message) for message in answer.context["messages"])
