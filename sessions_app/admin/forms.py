"""Forms whose answers the services check: what these refuse stands at its field, with the mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sessions_app.exceptions import FlowError
from sessions_app.text import visible


class FlowForm(forms.Form):
    """A form of the admin."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")

    def refuse(self, error: FlowError) -> None:
        """Say at the field it is about what was refused; above all of them if it is about none."""
        names = (str(error.details.get(key, "")).partition(".")[0] for key in ("field", "path", "kind"))
        name = next((name for name in names if name in self.fields), None)
        self.add_error(name, in_words(error))

    def checked(self, check: Callable[[], Any]) -> Any:
        """What ``check`` answers; its refusal is one of the field that is being cleaned."""
        try:
            return check()
        except FlowError as error:
            raise ValidationError(in_words(error)) from None


def in_words(error: FlowError) -> str:
    """What was refused, and the mend."""
    return visible(f"{error.message} {error.fix}".strip())
