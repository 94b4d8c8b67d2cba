"""The list of workflows."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import actor_of
from sessions_app.admin.workflow_counts import Sessions, sessions_of
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.models import WorkflowDefinition
from sessions_app.text import is_reference, visible
from sessions_app.versions import search_workflows

ROWS = 50

_TEXT_LENGTH = 200


class Asked(NamedTuple):
    """What the address asks for; empty where nothing is asked."""

    q: str = ""
    type: str = ""
    state: str = ""

    def query(self) -> str:
        """The same as a query string."""
        found = QueryDict(mutable=True)
        found.update({name: value for name, value in self._asdict().items() if value})
        return found.urlencode()


class WorkflowList(Pages):
    """Stands before ``ModelAdmin``: draws the list itself."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Workflows by id, a page at a time."""
        self.admit(request)
        actor = actor_of(request)
        asked = Asked(**{name: _text(request, name) for name in Asked._fields})
        page = Paginator(_rows(asked), ROWS).get_page(request.GET.get("page"))
        counts = sessions_of(actor, [row.pk for row in page])
        return self.page(
            request,
            "sessions_app/workflow_list.html",
            _("Workflows"),
            page=page,
            rows=[{"workflow": row, "sessions": counts.get(row.pk, Sessions())} for row in page],
            asked=asked,
            query=asked.query(),
            told_count=ngettext("{count} workflow", "{count} workflows", page.paginator.count).format(
                count=page.paginator.count
            ),
            types=_types(asked),
            states=[("used", _("in use")), ("retired", _("retired"))],
            may_define=actor.rights.may_define,
        )


def _text(request: HttpRequest, name: str) -> str:
    """What can't be in any row is asked for as nothing that there is."""
    given = request.GET.get(name, "").strip()[:_TEXT_LENGTH]
    return given if is_reference(given) else visible(given)


def _rows(asked: Asked) -> QuerySet[WorkflowDefinition]:
    rows = WorkflowDefinition.objects.order_by("id")
    if asked.type:
        rows = rows.filter(type=asked.type)
    if asked.state:
        rows = rows.filter(retired_at__isnull=asked.state != "retired")
    return search_workflows(rows, asked.q) if asked.q else rows


def _types(asked: Asked) -> list[tuple[str, str]]:
    """Those that there are, and the one asked for."""
    known = WorkflowDefinition.objects.exclude(type="").order_by("type").values_list("type", flat=True).distinct()
    return [(name, visible(name)) for name in sorted({*known, asked.type} - {""})]
