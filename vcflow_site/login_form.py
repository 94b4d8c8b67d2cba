"""The admin's sign-in form: whoever fails too often has to wait."""

from __future__ import annotations

from hashlib import sha256
from math import ceil
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from sessions_app import rates
from sessions_app.addresses import client_network
from sessions_app.language import ngettext

TRIES = rates.Rate(limit=10, period=600)
"""How often one may fail, per username and address."""


class LoginForm(AdminAuthenticationForm):
    """Refuses to look at the password once :data:`TRIES` are used up."""

    def clean(self) -> dict[str, Any]:
        """Sign in; a try is counted before the password is looked at, so that many at once are counted too."""
        if not (self.cleaned_data.get("username") and self.cleaned_data.get("password")):
            return super().clean()
        caller = self._caller()
        if not rates.take(caller, *TRIES):
            raise _locked_out()
        cleaned = super().clean()
        rates.forget(caller)
        return cleaned

    def _caller(self) -> str:
        # The name is hashed for its length, and because people type passwords into its field.
        assert self.request is not None, "the admin hands its request in"
        name = sha256(self.cleaned_data["username"].encode()).hexdigest()
        return f"login:{client_network(self.request)}:{name}"


def _locked_out() -> ValidationError:
    minutes = ceil(rates.seconds_left(TRIES.period) / 60)
    message = ngettext(
        "Too many tries to sign in failed. Try again in {count} minute.",
        "Too many tries to sign in failed. Try again in {count} minutes.",
        minutes,
    )
    return ValidationError(message.format(count=minutes), code="locked_out")
