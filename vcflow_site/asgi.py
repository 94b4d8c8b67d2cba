"""The site for an ASGI server such as uvicorn, under which pages follow their session without asking."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

from vcflow_site.asgi_bodies import bound_body
from vcflow_site.starting import started

application = bound_body(started(get_asgi_application))
