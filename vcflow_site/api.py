"""The REST API, assembled: every floor's addresses, and the document that describes them."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from sessions_app.api.documents import SCHEMAS
from sessions_app.api.rendering import JSON_TYPE, dump

_making = Lock()
_made: list[bytes] = []


@require_safe
def schema(_request: HttpRequest) -> HttpResponse:
    """The API's description: the same for everybody, made once per process."""
    return HttpResponse(description(), content_type=JSON_TYPE)


def description() -> bytes:
    """The description as JSON.  One thread makes it: the generator loads parts of itself as it goes."""
    with _making:
        if not _made:
            generator: Any = SchemaGenerator  # it has no types
            _made.append(dump(generator().get_schema(request=None, public=True)))
        return _made[0]


def add_schemas(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put every named schema into the document: drf-spectacular's hook after generation."""
    components: dict[str, Any] = result.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **_sorted(SCHEMAS)}
    return result


def _sorted(schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {name: schemas[name] for name in sorted(schemas)}


urlpatterns = [
    path("schema/", schema, name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="vcflow_site/api_docs.html"),
        name="api-docs",
    ),
    path("v1/", include("status_bridge.api.urls")),
    # Before the ground's: it would take sessions/run/ for a session's address.
    path("v1/", include("stages_app.api.urls")),
    path("v1/", include("sessions_app.api.urls")),
]
