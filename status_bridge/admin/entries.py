"""The admin's pages for status entries: to look, to ask for a status, and the overview."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.admin.act_words import SESSION_WORDS
from sessions_app.admin.asking import Asking
from sessions_app.admin.lookups import KnownQuery, is_moment, some_of
from sessions_app.admin.paging import CappedPaginator
from sessions_app.admin.parts import SeenBySome, actor_of, shown
from sessions_app.language import gettext
from sessions_app.machine import SESSION_RULES
from sessions_app.masking import shown as shown_text
from sessions_app.models import FlowSession
from sessions_app.templatetags.vcflow import ago, progress
from sessions_app.words import verb_name
from status_bridge.admin.looks import SessionColumn, address_of, entry_badge, on_the_way, session_link
from status_bridge.admin.overview_page import overview_context
from status_bridge.mapping import SESSION_STATUS_MAPPING
from status_bridge.models import EntryStatus, StatusEntry
from status_bridge.overview import overview
from status_bridge.representation import Standing, standings
from status_bridge.steering import StatusManager, find_entry
from status_bridge.words import entry_status


@admin.register(StatusEntry)
class StatusEntryAdmin(SessionColumn, Asking, SeenBySome, KnownQuery, admin.ModelAdmin):
    """An entry is written by its session's verbs; a status is asked for on a page of its own."""

    list_display = (
        "shown_name",
        "shown_status",
        "bar",
        "current_stage",
        "shown_session",
        "workflow",
        "on_the_way",
        "updated",
    )
    list_filter = ("status",)
    linked = {"status__in": some_of(EntryStatus.values), "updated_at__lt": is_moment}
    list_select_related = ("workflow",)
    search_fields = ("id", "name")
    ordering = ("-updated_at", "-id")
    actions = None
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    change_list_template = "status_bridge/entry_list.html"

    shown_name = shown("name", _("name"), ordering="name")

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, row: StatusEntry) -> str:
        return entry_badge(row.status)

    @admin.display(description=_("progress"))
    def bar(self, row: StatusEntry) -> str:
        return progress(row.progress)

    @admin.display(description=_("not outside yet"))
    def on_the_way(self, row: Any) -> str:
        return on_the_way(row.standing)

    @admin.display(description=_("updated"), ordering="updated_at")
    def updated(self, row: StatusEntry) -> str:
        return ago(row.updated_at)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, its rows with what of each is not outside yet."""
        found = super().get_changelist_instance(request)
        rows: list[Any] = list(found.result_list)
        known = standings([row.session_id for row in rows])
        for row in rows:
            row.standing = known.get(row.session_id, Standing())
        found.result_list = rows
        return found

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("overview/", view(self.overview), name="status-overview"),
            path("<path:object_id>/set-status/", view(self.set_status), name="set-entry-status"),
            *super().get_urls(),
        ]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """How everything is that the one who looks may see."""
        self.admit(request)
        context = overview_context(overview(actor_of(request)))
        return self.page(request, "status_bridge/overview.html", _("Overview"), **context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An entry, and what may be asked for."""

        def question(entry: StatusEntry) -> HttpResponse:
            return self._entry_page(request, "status_bridge/entry.html", shown_text(entry.name), entry)

        return self.asked(request, lambda actor: find_entry(actor, unquote(object_id)), question)

    def set_status(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what may be asked for, then ask."""

        def question(entry: StatusEntry) -> HttpResponse:
            given = {"reason": request.POST.get("reason", ""), "is_forced": "force" in request.POST}
            return self._entry_page(request, "status_bridge/set_status.html", _("Set the status"), entry, **given)

        def answer(entry: StatusEntry) -> HttpResponse:
            self.told(request, _ask(actor_of(request), entry.pk, request))
            return redirect(address_of("status_bridge_statusentry", entry.pk))

        return self.asked(request, lambda actor: find_entry(actor, unquote(object_id)), question, answer)

    def _entry_page(
        self, request: HttpRequest, template: str, title: Any, entry: StatusEntry, **more: Any
    ) -> HttpResponse:
        context = {
            "entry": entry,
            "badge": entry_badge(entry.status),
            "status": entry_status(entry.status),
            "on_the_way": on_the_way(standings([entry.session_id]).get(entry.session_id, Standing())),
            "session_link": session_link(request.user, entry.session_id),
            "choices": choices(actor_of(request), entry.session),
            "entry_url": address_of("status_bridge_statusentry", entry.pk),
            "set_status_url": set_status_address(entry.pk),
        }
        return self.page(request, template, title, **context, **more)


def set_status_address(status_id: str) -> str:
    """Where a status is asked for."""
    return reverse("admin:set-entry-status", args=[quote(status_id)])


def _ask(actor: Actor, status_id: str, request: HttpRequest) -> str:
    """Do what the page's button says, if the session is still as the page showed it; answers with what became of it."""
    version = request.POST.get("version", "")
    seen = [int(version)] if version.isascii() and version.isdecimal() and len(version) < 10 else []
    manager = StatusManager(actor, expected_versions=seen)
    flow_session = manager.request_status(
        status_id,
        request.POST.get("status", ""),
        reason=request.POST.get("reason", ""),
        force="force" in request.POST,
    )
    status = entry_status(SESSION_STATUS_MAPPING[flow_session.status])
    return gettext("{id} ({name}) is {status} now.").format(
        id=flow_session.pk, name=shown_text(flow_session.name), status=status
    )


def choices(actor: Actor, flow_session: FlowSession) -> list[dict[str, Any]]:
    """What the actor may ask for: the status, the verb that leads there, and whether it must say why."""
    rules = {verb: SESSION_RULES[verb] for verb in access.allowed_actions(actor, flow_session)}
    return [
        {
            "status": SESSION_STATUS_MAPPING[rule.target],
            "badge": entry_badge(SESSION_STATUS_MAPPING[rule.target]),
            "verb": verb_name(verb),
            "does": gettext(SESSION_WORDS[verb].does) if verb in SESSION_WORDS else "",
            "needs_reason": rule.reason_required,
        }
        for verb, rule in rules.items()
    ]
