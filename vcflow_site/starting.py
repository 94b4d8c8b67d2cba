"""How a server starts: with the site, or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

from sessions_app.exceptions import FlowError
from vcflow_site.checks import refuse_unsafe_start

Site = TypeVar("Site")

REFUSED = 3
"""The exit status at which gunicorn ends, instead of starting the worker anew for ever."""


def started(load: Callable[[], Site]) -> Site:
    """The site; ends the process with a sentence when the settings don't let it start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vcflow_site.settings")
    try:
        site = load()
        refuse_unsafe_start()
    except FlowError as error:
        sys.stderr.write(f"{error.message} {error.fix} [{error.code}]\n")
        raise SystemExit(REFUSED) from None
    return site
