"""``vc init``: everything that vcflow needs, and a link that signs the first admin in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connection

from sessions_app.cli.call import Call
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from vcflow_site import provision, stamp
from vcflow_site.login_links import link_path
from vcflow_site.provision import Initialised, State

HIGHEST_PORT = 65535


def init(call: Call) -> None:
    """Make what is missing, say what was there already, and print a link that signs in once."""
    if not 1 <= call.args.port <= HIGHEST_PORT:
        raise InvalidInput(
            _("There is no port {port}.").format(port=call.args.port),
            fix=_("Give a number from 1 to {highest}.").format(highest=HIGHEST_PORT),
        )
    done = provision.initialise(call.announce)
    link = f"{site_address(call.args.port)}{link_path(done.admin)}"
    call.show(lambda: _data(done, link), lambda: _lines(done, link))


def site_address(port: int) -> str:
    """Where the site is reached: by HTTPS under its first name, else at the port, on this machine if it may be."""
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"] or ["127.0.0.1"]
    if settings.SECURE_SSL_REDIRECT:
        return f"https://{hosts[0]}"
    return f"http://{'127.0.0.1' if '127.0.0.1' in hosts else hosts[0]}:{port}"


def _database() -> str:
    return str(stamp.database_file() or connection.settings_dict["NAME"])


def _data(done: Initialised, link: str) -> dict[str, Any]:
    return {
        "home": str(settings.VCFLOW_HOME),
        "database": _database(),
        "found": done.found.name.lower(),
        "copy": str(done.copy) if done.copy else None,
        "admin": done.admin.get_username(),
        "admin_created": done.admin_is_new,
        "login_link": link,
    }


def _lines(done: Initialised, link: str) -> Iterable[str]:
    yield "✅ " + _("vcflow is ready.")
    yield _("Data folder: {home}").format(home=settings.VCFLOW_HOME)
    yield _("Database: {database} ({what})").format(database=_database(), what=_what_was_done(done.found))
    yield _("Admin account: {user} ({what})").format(
        user=done.admin.get_username(), what=_("new") if done.admin_is_new else _("was there already")
    )
    yield _("Sign in with this link, once, within 24 hours, while the server runs:")
    yield f"  {link}"


def _what_was_done(found: State) -> str:
    if found is State.CURRENT:
        return _("was there already")
    return _("brought up to date") if found is State.OUTDATED else _("new")
