"""The list of sessions: what of the admin's page for sessions concerns many of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from sessions_app import saved_views
from sessions_app.admin.parts import actor_of
from sessions_app.admin.session_bulk import VERBS, SessionBulk
from sessions_app.admin.session_export import FORMATS, export
from sessions_app.admin.session_filters import CREATED_BEFORE, CREATED_FROM, Choices, SessionFilter, filters, marked
from sessions_app.admin.session_query import ORDERS, ListPage, Selection, page_of, read_selection, time_drill
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from sessions_app.masking import shown
from sessions_app.words import session_state

_NEXT_PAGES = 2
"""How many page numbers stand beside the present one's."""

_SHORTCUTS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (noop("All"), {}),
    (noop("Mine"), {"whose": "mine"}),
    ("", {"status__exact": "PAUSED"}),
    ("", {"status__exact": "FAILED"}),
)


class SessionList(SessionBulk):
    """Stands before ModelAdmin: draws the list itself, for Django's would count and sort all rows."""

    def get_urls(self) -> list[URLPattern]:
        """The list's own addresses, before those of single sessions."""
        found: list[URLPattern] = super().get_urls()  # type: ignore[misc]  # of the ModelAdmin that follows
        admit = self.admin_site.admin_view
        name = "sessions_app_flowsession"
        return [
            path("bulk/", admit(self.bulk_view), name=f"{name}_bulk"),
            path("export/<str:file_format>/", admit(require_safe(self.export_view)), name=f"{name}_export"),
            path("views/", admit(self.keep_view), name=f"{name}_save_view"),
            path("views/<int:view_id>/delete/", admit(self.forget_view), name=f"{name}_delete_view"),
            *found,
        ]

    def list_address(self, query: str = "") -> str:
        """The list's, narrowed by a query string."""
        address = reverse("admin:sessions_app_flowsession_changelist")
        return f"{address}?{query}" if query else address

    def selection_of(self, request: HttpRequest, query: str) -> Selection:
        """What a query string asks for."""
        return read_selection(actor_of(request), QueryDict(query).dict())

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        """The list; what an address can't mean is told, and left out of it."""
        self.admit(request)
        selection = read_selection(actor_of(request), request.GET.dict())
        for refusal in selection.refusals[:5]:
            self.refused(request, refusal)
        if selection.refusals:
            return redirect(self.list_address(selection.query()))
        found = page_of(selection)
        if found.number < selection.page:
            self.told(request, _beyond(found), is_well=False)
            return redirect(self.list_address(selection.query(page=found.number)))
        return self.page(
            request,
            "sessions_app/session_list.html",
            _("Sessions"),
            **_what(selection, found),
            **_ways(selection, found),
            **(extra_context or {}),
        )

    def export_view(self, request: HttpRequest, file_format: str) -> HttpResponseBase:
        """The list as a file."""
        self.admit(request)
        if file_format not in FORMATS:
            raise Http404
        try:
            return export(read_selection(actor_of(request), request.GET.dict()).checked(), file_format)
        except FlowError as refusal:
            self.refused(request, refusal)
            return redirect(self.list_address())

    def keep_view(self, request: HttpRequest) -> HttpResponse:
        """Keep what is filtered under a name; who comes by a link, as after signing in, is led to the list."""
        self.admit(request)
        if request.method != "POST":
            return redirect(self.list_address())
        selection = self.selection_of(request, request.POST.get("query", ""))
        try:
            kept = saved_views.save_view(actor_of(request), request.POST.get("name", ""), selection.checked().query())
            self.told(request, _("Saved as {name}.").format(name=shown(kept.name)))
        except FlowError as refusal:
            self.refused(request, refusal)
        return redirect(self.list_address(selection.query()))

    def forget_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        """Forget a saved view."""
        self.admit(request)
        if request.method != "POST":
            return redirect(self.list_address())
        try:
            name = saved_views.delete_view(actor_of(request), view_id)
            self.told(request, _("The view {name} was deleted.").format(name=shown(name)))
        except FlowError as refusal:
            self.refused(request, refusal)
        return redirect(self.list_address(self.selection_of(request, request.POST.get("query", "")).query()))


def _beyond(found: ListPage) -> str:
    if not found.paginator.is_capped:
        return _("There are only {count} pages.").format(count=found.paginator.num_pages)
    return _("Only the first {count} sessions are paged through. Narrow the filter, or export the list.").format(
        count=f"{found.paginator.count:,}"
    )


def _told_count(found: ListPage) -> str:
    told = ngettext("{count} session", "{count} sessions", 2 if found.paginator.is_capped else found.paginator.count)
    return told.format(count=found.paginator.told_count)


def _all_of(count: int) -> str:
    return ngettext("The {count} session that fits", "All {count} sessions that fit", count).format(count=f"{count:,}")


def _what(selection: Selection, found: ListPage) -> dict[str, Any]:
    """The rows, and what is said of them."""
    marks = marked(selection.actor, found.rows)
    paginator = found.paginator
    return {
        "rows": [{"session": row, "marks": marks.get(row.pk, [])} for row in found.rows],
        "told_count": _told_count(found),
        "choose_all": _all_of(paginator.count),
        "is_capped": paginator.is_capped,
        "is_filtered": bool(selection.values),
        "pages": _pages(selection, found),
        "verbs": [{"verb": verb, "word": _(title)} for verb, (title, _about) in VERBS.items()],
        "may_choose_all": not paginator.is_capped,
    }


def _ways(selection: Selection, found: ListPage) -> dict[str, Any]:
    """The ways to another list."""
    views = saved_views.views_of(selection.actor)
    return {
        "query": selection.query(),
        "shortcuts": _shortcuts(selection),
        "fields": [_field(selection, each) for each in filters().values() if not (each.is_hidden or each.shortcut)],
        "kept": [(name, value) for name, value in selection.values.items() if _is_kept(filters()[name])],
        "chips": _chips(selection),
        "drill": time_drill(selection),
        "order": found.order,
        "is_sortable": found.is_sortable,
        "orders": [(order, _(title)) for order, title in ORDERS.items()],
        "views": [{"view": view, "is_here": view.query == selection.query()} for view in views],
    }


def _is_kept(known: SessionFilter) -> bool:
    """Whether the form has no field for it, so that it goes on with the rest."""
    return known.is_hidden or bool(known.shortcut)


def _shortcuts(selection: Selection) -> list[dict[str, Any]]:
    """The lists that people look at most."""
    added = [(known.title, {known.name: known.shortcut}) for known in filters().values() if known.shortcut]
    found = [*_SHORTCUTS[:2], *added, *_SHORTCUTS[2:]]
    base = Selection(selection.actor, selection.rows)
    return [
        {
            "title": _(title) if title else session_state(values["status__exact"]),
            "query": base.query(values),
            "is_here": dict(selection.values) == values,
        }
        for title, values in found
    ]


def _field(selection: Selection, known: SessionFilter) -> dict[str, Any]:
    value = selection.values.get(known.name, "")
    choices = known.choices(selection.actor) if known.choices else None
    if choices is not None and value and value not in dict(choices):
        choices = [*choices, (value, shown(value))]
    return {"name": known.name, "title": _(known.title), "value": value, "choices": choices}


def _chips(selection: Selection) -> list[dict[str, str]]:
    """What is filtered, each with the address of the list without it."""
    stretch = selection.stretch
    dates = (CREATED_FROM, CREATED_BEFORE) if stretch else ()
    found = [
        {
            "title": _(known.title),
            "value": "" if known.shortcut else _word(known, selection),
            "query": selection.query(without=[known.name]),
        }
        for known in (filters()[name] for name in selection.values if name not in dates)
    ]
    if stretch:
        found.append({"title": _("created"), "value": stretch.title, "query": selection.query(without=dates)})
    return found


def _word(known: SessionFilter, selection: Selection) -> str:
    value = selection.values[known.name]
    choices: Choices = known.choices(selection.actor) if known.choices else ()
    return dict(choices).get(value) or shown(value)


def _pages(selection: Selection, found: ListPage) -> list[dict[str, Any]]:
    """The first page, those around this one, and the last; None in place of what is left out."""
    last = found.paginator.num_pages
    near = range(found.number - _NEXT_PAGES, found.number + _NEXT_PAGES + 1)
    numbers = [number for number in range(1, last + 1) if number in (1, last) or number in near]
    if last == 1:
        return []
    return [
        {
            "number": number,
            "query": selection.query(page=number),
            "is_here": number == found.number,
            "is_after_gap": place > 0 and numbers[place - 1] != number - 1,
        }
        for place, number in enumerate(numbers)
    ]
