"""The REST API, assembled: every floor's addresses, and the document that describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from sessions_app.api.documents import SCHEMAS

urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="vcflow_site/api_docs.html"),
        name="api-docs",
    ),
    # Before the ground's: it would take sessions/run/ for a session's address.
    path("v1/", include("stages_app.api.urls")),
    path("v1/", include("sessions_app.api.urls")),
]


def add_schemas(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put every named schema into the document: drf-spectacular's hook after generation."""
    components: dict[str, Any] = result.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **_sorted(SCHEMAS)}
    return result


def _sorted(schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {name: schemas[name] for name in sorted(schemas)}
