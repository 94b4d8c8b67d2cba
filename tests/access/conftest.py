"""The world of a module: one transaction that is rolled back when the module is done."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.access.world import World
from vcflow_site import stamp


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """People, sessions and tokens; whoever changes them takes it back."""
    outermost = transaction.atomic()
    # As Django's own test cases mark theirs: inside it the product's transactions count as outermost.
    outermost._from_testcase = True
    # The limit on requests would be counted in the database, and the admin speaks Chinese by itself.
    with django_db_blocker.unblock(), override_settings(VCFLOW_API_RATE=None, LANGUAGE_CODE="en"), outermost:
        stamp.mark_complete()
        yield World()
        transaction.set_rollback(True)
