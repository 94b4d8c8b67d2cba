"""Workflow definitions and their immutable versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.definitions.schema import Definition
from sessions_app.language import localised
from sessions_app.permissions import DEFINE_PERMISSION


class WorkflowDefinition(models.Model):
    """A workflow by its slug; what it says stands in its versions.

    ``name``, ``type``, ``description`` and ``source_rule`` are those of the newest
    version, kept here for lists (texts may be one string or one per language).
    """

    id = models.CharField(_("id"), primary_key=True, max_length=64)
    name = models.JSONField(_("name"))
    type = models.CharField(_("type"), max_length=64, blank=True)
    description = models.JSONField(_("description"), default=str, blank=True)
    source_rule = models.CharField(_("source file"), max_length=255, blank=True)
    latest_version = models.PositiveIntegerField(_("latest version"))
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        db_table = "workflow_definitions"
        ordering = ["id"]
        verbose_name = _("workflow definition")
        verbose_name_plural = _("workflow definitions")
        permissions = [(DEFINE_PERMISSION, _("Can publish, retire and delete workflows"))]

    def __str__(self) -> str:
        return self.id

    @property
    def display_name(self) -> str:
        """The name in the current language."""
        return localised(self.name)


class WorkflowVersion(models.Model):
    """What a workflow said when it was published; never changed afterwards.

    The id is made from workflow, number and content (``dev@2-9f86d081884c7d65``): the same id always
    means the same content, so a process may keep it in memory.
    """

    id = models.CharField(_("id"), primary_key=True, max_length=100)
    workflow = models.ForeignKey(
        WorkflowDefinition, on_delete=models.CASCADE, related_name="versions", verbose_name=_("workflow")
    )
    number = models.PositiveIntegerField(_("number"))
    content = models.JSONField(_("content"))
    digest = models.CharField(_("digest"), max_length=64)
    created_at = models.DateTimeField(_("published"))

    class Meta:
        db_table = "workflow_versions"
        ordering = ["workflow", "-number"]
        verbose_name = _("workflow version")
        verbose_name_plural = _("workflow versions")
        constraints = [models.UniqueConstraint(fields=["workflow", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"{self.workflow_id} v{self.number}"


class PublishedVersion:
    """A version as a value: its number, its definition, and its stages' ids in order."""

    __slots__ = ("definition", "number", "required_ids", "stage_ids")

    def __init__(self, number: int, content: dict[str, Any]) -> None:
        self.number = number
        self.definition = Definition.from_content(content)
        self.stage_ids = tuple(stage.id for stage in self.definition.stages)
        self.required_ids = tuple(stage.id for stage in self.definition.stages if stage.required) or self.stage_ids


_offered: ContextVar[Mapping[str, PublishedVersion]] = ContextVar("_offered", default=MappingProxyType({}))


def published_version(version_id: str) -> PublishedVersion:
    """The version with that id as a value; remembered, for its content never changes."""
    return _offered.get().get(version_id) or _stored_version(version_id)


@contextmanager
def offering(versions: Mapping[str, PublishedVersion]) -> Iterator[None]:
    """Meanwhile these versions are known beside the stored ones: those of a bundle that is being looked at."""
    token = _offered.set(versions)
    try:
        yield
    finally:
        _offered.reset(token)


@lru_cache(maxsize=512)
def _stored_version(version_id: str) -> PublishedVersion:
    number, content = WorkflowVersion.objects.values_list("number", "content").get(pk=version_id)
    return PublishedVersion(number, content)
