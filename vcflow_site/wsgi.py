"""The site for a WSGI server such as gunicorn."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from vcflow_site.chunks import state_length
from vcflow_site.starting import started

application = state_length(started(get_wsgi_application))
