"""People with each role on one team's sessions, and clients for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.api.documents import validator
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.factories import publish_workflow

ClientFor = Callable[[User], APIClient]


def assert_fits(schema: str, data: Any) -> None:
    """``data`` is as the documentation says."""
    problems = [f"{list(error.absolute_path)}: {error.message}" for error in validator(schema).iter_errors(data)]
    assert problems == []


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem with that code, which says what mends it."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["detail"]
    assert body["fix"]
    assert_fits("Problem", body)
    return body


def client_for(user: User) -> APIClient:
    """A client signed in as ``user``, without a token."""
    client = APIClient()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _as_many_requests_as_they_like(settings: Any) -> None:
    """What a process claimed for a caller outlives the test's rows, and counting it takes queries."""
    settings.VCFLOW_API_RATE = None


@pytest.fixture
def team(db: None) -> Group:
    return Group.objects.create(name="platform")


def member(name: str, *teams: Group) -> User:
    user = User.objects.create_user(name)
    user.groups.add(*teams)
    return user


@pytest.fixture
def mei(team: Group) -> User:
    """The owner."""
    return member("mei", team)


@pytest.fixture
def wang(team: Group) -> User:
    """An operator of the team."""
    user = member("wang", team)
    user.user_permissions.add(Permission.objects.get(codename="operate_sessions"))
    return user


@pytest.fixture
def li(team: Group) -> User:
    """A viewer of the team."""
    return member("li", team)


@pytest.fixture
def zhao(db: None) -> User:
    """A colleague of another team."""
    user = member("zhao", Group.objects.create(name="others"))
    user.user_permissions.add(Permission.objects.get(codename="operate_sessions"))
    return user


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin")


@pytest.fixture
def workflow(db: None) -> str:
    return publish_workflow()


@pytest.fixture
def flow_session(mei: User, team: Group, workflow: str) -> FlowSession:
    """An ACTIVE session of mei's that her team sees."""
    manager = FlowSessionManager(Actor(mei, "python", is_trusted=True))
    return manager.create_session(workflow, "User auth", team=team.name)


@pytest.fixture
def api(mei: User) -> APIClient:
    """The owner's client."""
    return client_for(mei)
