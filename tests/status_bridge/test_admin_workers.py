"""The page of workers: their chores, with what went wrong."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import ChoreRun
from tests.site.staff import staff_client

ADDRESS = "/admin/status_bridge/workerbeat/"


@pytest.mark.django_db
def test_page_shows_the_chores_and_why_one_failed():
    now = timezone.now()
    ChoreRun.objects.create(name="backup", due_at=now + timedelta(hours=1), started_at=now, error="OSError: disk full")
    page = staff_client("boss", is_superuser=True).get(ADDRESS).text
    assert "OSError: disk full" in page
    assert "Chores" in page or "例行任务" in page
    assert "Chores" not in staff_client("mia", is_superuser=False).get(ADDRESS).text
