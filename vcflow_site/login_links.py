"""Links that sign a person in without a password: once, and within a day."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import base36_to_int, urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

LIFETIME = timedelta(hours=24)


class LoginTokenGenerator(PasswordResetTokenGenerator):
    """Tokens that any sign-in of the same user makes void, for they are made from the time of the last one."""

    key_salt = "vcflow_site.login_links.LoginTokenGenerator"

    def check_token(self, user: User | None, token: str | None) -> bool:
        return bool(token and super().check_token(user, token) and self._age(token) <= LIFETIME)

    def _age(self, token: str) -> timedelta:
        return timedelta(seconds=self._num_seconds(self._now()) - base36_to_int(token.partition("-")[0]))

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        # Django's own leaves out the microseconds, so that a link would work twice within a second.
        last_login = user.last_login.isoformat() if user.last_login else ""
        return f"{user.pk}{user.password}{last_login}{timestamp}"


tokens = LoginTokenGenerator()


def link_path(user: User) -> str:
    """The path of a new link for ``user``; the links made before stay valid until one is used."""
    return reverse("login-link", args=[urlsafe_base64_encode(str(user.pk).encode()), tokens.make_token(user)])


@never_cache
@require_GET
def follow_link(request: HttpRequest, uid: str, token: str) -> HttpResponseBase:
    """Sign in whom the link is for and go to the admin; a link that is used, old or wrong explains itself."""
    user = _find_user(uid)
    if user is None or not tokens.check_token(user, token) or not _use_up(user):
        return render(request, "vcflow_site/login_link_void.html", status=403)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    if not user.has_usable_password():
        messages.info(request, _no_password_yet(user))
    return redirect("admin:index")


def _find_user(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid).decode())
        return get_user_model().objects.filter(pk=pk, is_active=True).first()
    except (ValueError, OverflowError):
        return None


def _use_up(user: User) -> bool:
    """Of those who follow the link at once, only the first changes the row."""
    unused = get_user_model().objects.filter(pk=user.pk, last_login=user.last_login)
    return bool(unused.update(last_login=timezone.now()))


def _no_password_yet(user: User) -> str:
    return format_html(
        '{} <a href="{}">{}</a>',
        _("This account has no password yet; until it has one, 'vc init' gives new links."),
        reverse("admin:auth_user_password_change", args=[user.pk]),
        _("Set a password"),
    )
