"""The admin's pages for status entries: to look, to ask for a status, and the overview."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.admin.parts import NOTHING, SeenBySome, actor_of, shown
from sessions_app.exceptions import FlowError, NotFound
from sessions_app.machine import SESSION_RULES
from sessions_app.masking import shown as shown_text
from sessions_app.models import FlowSession
from sessions_app.text import visible
from sessions_app.words import verb_name
from status_bridge.mapping import SESSION_STATUS_MAPPING
from status_bridge.models import StatusEntry
from status_bridge.overview import Overview, overview
from status_bridge.representation import Standing, standings
from status_bridge.steering import StatusManager, find_entry
from status_bridge.words import count_name, entry_status, level_mark, level_name


@admin.register(StatusEntry)
class StatusEntryAdmin(SeenBySome, admin.ModelAdmin):
    """An entry is written by its session's verbs; a status is asked for on a page of its own."""

    list_display = ("id", "shown_name", "workflow", "shown_status", "percent", "current_stage", "updated_at")
    list_filter = ("status",)
    list_select_related = ("workflow",)
    search_fields = ("id", "name")
    ordering = ("-updated_at", "-id")
    fields = (
        "id",
        "session",
        "shown_name",
        "type",
        "shown_status",
        "percent",
        "workflow",
        "current_stage",
        "created_at",
        "updated_at",
        "version",
        "on_the_way",
    )
    readonly_fields = ("shown_name", "shown_status", "percent", "on_the_way")
    change_list_template = "status_bridge/entry_list.html"
    change_form_template = "status_bridge/entry.html"

    shown_name = shown("name", _("name"), ordering="name")

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, row: StatusEntry) -> str:
        return entry_status(row.status)

    @admin.display(description=_("progress"))
    def percent(self, row: StatusEntry) -> str:
        return f"{row.progress}%"

    @admin.display(description=_("not outside yet"))
    def on_the_way(self, row: StatusEntry) -> str:
        standing = standings([row.session_id]).get(row.session_id, Standing())
        counted = standing._asdict().items()
        return ", ".join(f"{count_name(name)}: {count}" for name, count in counted if count) or NOTHING

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("overview/", view(self.overview), name="status-overview"),
            path("<path:object_id>/set-status/", view(self.set_status), name="set-entry-status"),
            *super().get_urls(),
        ]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """How everything is that the one who looks may see."""
        self._refuse_strangers(request)
        found = overview(actor_of(request))
        context = {**self._context(request, _("Overview")), "overview": _overview_context(found)}
        return TemplateResponse(request, "status_bridge/overview.html", context)

    def set_status(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what may be asked for, then ask."""
        self._refuse_strangers(request)
        actor, status_id = actor_of(request), unquote(object_id)
        try:
            entry = find_entry(actor, status_id)
            if request.method != "POST":
                return self._question(request, actor, entry)
            return self._answer(request, actor, entry)
        except NotFound as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return redirect(reverse("admin:status_bridge_statusentry_changelist"))

    def _answer(self, request: HttpRequest, actor: Actor, entry: StatusEntry) -> HttpResponse:
        """Do it and show the entry; what is refused is asked again, of the session as it is now."""
        try:
            done = _ask(actor, entry.pk, request)
        except NotFound:
            raise
        except FlowError as refusal:
            self.message_user(request, f"{refusal.message} {refusal.fix}", messages.ERROR)
            return self._question(request, actor, find_entry(actor, entry.pk))
        self.message_user(request, done, messages.SUCCESS)
        return redirect(reverse("admin:status_bridge_statusentry_change", args=[quote(entry.pk)]))

    def _refuse_strangers(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _question(self, request: HttpRequest, actor: Actor, entry: StatusEntry) -> HttpResponse:
        context = {
            **self._context(request, _("Set the status")),
            "entry": entry,
            "entry_url": reverse("admin:status_bridge_statusentry_change", args=[quote(entry.pk)]),
            "name": visible(entry.name),
            "status": entry_status(entry.status),
            "choices": _choices(actor, entry.session),
            "reason": request.POST.get("reason", ""),
        }
        return TemplateResponse(request, "status_bridge/set_status.html", context)

    def _context(self, request: HttpRequest, title: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": StatusEntry._meta, "title": title}


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
    return str(_("{id} ({name}) is {status} now.")).format(
        id=flow_session.pk, name=shown_text(flow_session.name), status=status
    )


def _choices(actor: Actor, flow_session: FlowSession) -> list[dict[str, Any]]:
    """What the actor may ask for: the status, the verb that leads there, and whether it must say why."""
    rules = {verb: SESSION_RULES[verb] for verb in access.allowed_actions(actor, flow_session)}
    return [
        {
            "status": SESSION_STATUS_MAPPING[rule.target],
            "title": entry_status(SESSION_STATUS_MAPPING[rule.target]),
            "verb": verb_name(verb),
            "needs_reason": rule.reason_required,
        }
        for verb, rule in rules.items()
    ]


def _overview_context(found: Overview) -> dict[str, Any]:
    return {
        "at": found.at,
        "formula": found.formula,
        "health": _health(found.score, found.level),
        "domains": [
            {
                "title": visible(domain.title),
                "health": _health(domain.score, domain.level),
                "formula": visible(domain.formula),
                "counts": [(visible(count_name(key)), n) for key, n in domain.counts.items() if type(n) is int and n],
                "reasons": [{"text": visible(each.text), "ids": map(visible, each.ids)} for each in domain.reasons],
            }
            for domain in found.domains
        ],
        "tables": [
            _table(_("Workflow"), [(row["workflow_id"], row) for row in found.workflows]),
            _table(_("Type"), [(row["type"] or NOTHING, row) for row in found.types]),
        ],
        "left_out": found.workflows_left_out,
    }


def _table(first: Any, rows: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return {
        "first": first,
        "rows": [(visible(name), row, _health(row["score"], row["level"])) for name, row in rows],
    }


def _health(score: int | None, level: str) -> str:
    return f"{level_mark(level)} {NOTHING if score is None else score} ({level_name(level)})"
