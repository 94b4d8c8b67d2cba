"""The site for a WSGI server such as gunicorn."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

from sessions_app.exceptions import FlowError
from vcflow_site.checks import refuse_unsafe_start
from vcflow_site.chunks import state_length

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

REFUSED = 3
"""The exit status at which gunicorn ends, instead of starting the worker anew for ever."""


def load() -> WSGIApplication:
    """The site; ends the process with a sentence when the settings don't let it start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vcflow_site.settings")
    try:
        site = get_wsgi_application()
        refuse_unsafe_start()
    except FlowError as error:
        sys.stderr.write(f"{error.message} {error.fix} [{error.code}]\n")
        raise SystemExit(REFUSED) from None
    return state_length(site)


application = load()
