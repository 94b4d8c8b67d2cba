"""Moments in parameters and cursors: one reader for all."""

from __future__ import annotations

from datetime import UTC, datetime

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.utils.dateparse import parse_datetime

from sessions_app.language import gettext as _


def read_moment(text: str) -> datetime:
    """The moment that an ISO 8601 text names, in UTC; without an offset it is in the server's zone.

    Raises ValueError for what is none, for what lies outside the years 1 to 9999 in UTC, and for
    a time without an offset that a change of the clocks makes twofold or leaves out.
    """
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    try:
        aware: datetime = from_current_timezone(moment)
        return aware.astimezone(UTC)
    except (OverflowError, ValidationError):
        raise ValueError(text) from None


class MomentField(forms.CharField):
    """A moment of a form; None when it is empty."""

    def clean(self, value: object) -> datetime | None:
        """The moment in UTC."""
        text = super().clean(value)
        try:
            return read_moment(text) if text else None
        except ValueError:
            raise ValidationError(_("it is no moment in ISO 8601.")) from None


class MomentFilter(django_filters.Filter):  # type: ignore[misc]  # django-filter has no types
    """Rows by a moment."""

    field_class = MomentField


def moment_fix() -> str:
    """What mends a moment that can't be read: most have lost their ``+``, which an address reads as a space."""
    return _("Give it as 2026-03-02T08:00:00Z, or with an offset; in an address write the + of an offset as %2B.")
