"""What the address of a list that Django draws may ask for; Django itself would take any lookup of any field."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ShowFacets, SimpleListFilter
from django.contrib.admin.options import IS_FACETS_VAR
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from sessions_app.admin.pages import Pages
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.masking import shown
from sessions_app.text import NAME_LENGTH, is_reference

Fits = Callable[[str], bool]

_MOST_TOLD = 5
_PAGE = re.compile(r"[1-9][0-9]{0,5}")
_ORDER = re.compile(r"-?[0-9]{1,2}(\.-?[0-9]{1,2}){0,9}")
_NUMBER = re.compile(r"[0-9]{1,9}")
# Near the ends of the calendar a moment can't be told in another time zone.
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class KnownQuery(Pages):
    """Stands before ``ModelAdmin``: its list is narrowed by its own filters alone, each by a value that fits.

    ``linked`` are the lookups that links from elsewhere use besides them.
    """

    linked: Mapping[str, Fits] = {}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; what an address can't mean is told, and left out of it."""
        self.admit(request)
        known = {**self._places(), **self._lookups(request)}
        refusals = {name: _refused(known, name, values) for name, values in request.GET.lists()}
        refused = {name: refusal for name, refusal in refusals.items() if refusal is not None}
        if refused:
            return self._without(request, refused)
        page: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]  # of the ModelAdmin
        if page.get("Location", "") == f"{request.path}?{ERROR_FLAG}=1" and PAGE_VAR in request.GET:
            return self._without(request, {PAGE_VAR: unreadable_place(request.GET[PAGE_VAR])})
        return page

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether Django may narrow the list by it: the last word, should an address ever pass by the list's check."""
        known = self._lookups(request)
        return lookup in known and known[lookup](value)

    def _without(self, request: HttpRequest, refused: Mapping[str, InvalidInput]) -> HttpResponse:
        for refusal in list(refused.values())[:_MOST_TOLD]:
            self.refused(request, refusal)
        rest = [(name, values) for name, values in request.GET.lists() if name not in refused]
        return redirect(f"{request.path}?{urlencode(rest, doseq=True)}" if rest else request.path)

    def _places(self) -> Mapping[str, Fits]:
        """What chooses the order and the page, and the search."""
        own: Any = self
        places: dict[str, Fits] = {
            PAGE_VAR: lambda value: bool(_PAGE.fullmatch(value)),
            ORDER_VAR: lambda value: not value or bool(_ORDER.fullmatch(value)),
            ALL_VAR: lambda value: not value,
            ERROR_FLAG: lambda value: value == "1",
        }
        if own.search_fields:
            places[SEARCH_VAR] = is_name
        if own.show_facets is ShowFacets.ALLOW:
            places[IS_FACETS_VAR] = lambda value: value == "True"
        return places

    def _lookups(self, request: HttpRequest) -> Mapping[str, Fits]:
        """What narrows the list."""
        own: Any = self
        found = dict(self.linked)
        for each in own.get_list_filter(request):
            if isinstance(each, str):
                found |= _of_field(each, get_fields_from_path(own.model, each)[-1])
            elif issubclass(each, SimpleListFilter):
                choices = each(request, {}, own.model, own).lookup_choices
                found[each.parameter_name] = one_of({str(value) for value, _title in choices})
        return found


def one_of(values: Container[str]) -> Fits:
    """Takes these values."""
    return lambda value: value in values


def some_of(values: Container[str]) -> Fits:
    """Takes several of these values, with commas between them."""
    return lambda value: all(each in values for each in value.split(","))


def is_name(value: str) -> bool:
    """Whether it could be a name, or a part of one."""
    return len(value) <= NAME_LENGTH and is_reference(value)


def is_moment(value: str) -> bool:
    """Whether it is a point in time, with its time zone."""
    try:
        moment = parse_datetime(value)
    except ValueError:
        return False
    return moment is not None and is_aware(moment) and _FIRST_YEAR <= moment.year <= _LAST_YEAR


def unreadable_place(text: str) -> InvalidInput:
    """The refusal of an order or a page."""
    return InvalidInput(
        _("The list has no order or page {value}.").format(value=shown(text[:80])), fix=_("Choose one of the links.")
    )


def unknown_filter(name: str) -> InvalidInput:
    """The refusal of a filter."""
    return InvalidInput(
        _("The list has no filter {name}.").format(name=shown(name[:80])), fix=_("Choose one of those above the list.")
    )


def _refused(known: Mapping[str, Fits], name: str, values: list[str]) -> InvalidInput | None:
    if name not in known:
        return unknown_filter(name)
    wrong = next((value for value in values if not known[name](value)), None)
    if wrong is None:
        return None
    if name in (PAGE_VAR, ORDER_VAR):
        return unreadable_place(wrong)
    return InvalidInput(
        _("The list can't be filtered by {name} {value}.").format(name=name, value=shown(wrong[:80])),
        fix=_("Choose another one, or leave the filter out."),
        field=name,
    )


def _of_field(path: str, field: Any) -> Mapping[str, Fits]:
    """The lookups of the links that Django's own filter for such a field shows."""
    if field.is_relation:
        target = field.target_field
        fits = _is_number if isinstance(target, models.IntegerField) else is_name
        empty = {f"{path}__isnull": one_of({"True"})} if field.null or field.many_to_many else {}
        return {f"{path}__{target.name}__exact": fits, **empty}
    if isinstance(field, models.BooleanField):
        return {f"{path}__exact": one_of({"0", "1"})}
    if field.flatchoices:
        return {f"{path}__exact": one_of({str(value) for value, _title in field.flatchoices})}
    return {path: is_name}


def _is_number(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value))
