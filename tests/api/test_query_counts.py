"""How many queries each operation of the API takes: the same with one row of everything and with three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Permission, User
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.current import switch
from sessions_app.models import FlowSession
from sessions_app.permissions import SCOPES
from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import publish_workflow, stage

RULE = "# Deploy\n\n## Stages\n\n### 1. Build\n\n- [ ] Compile it\n"

READS: dict[str, tuple[int, str]] = {}
