"""Chores: done when they are due, by one worker, and again soon after a failure."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app import chores
from sessions_app.chores import Chore
from sessions_app.exceptions import StorageFull
from sessions_app.models import ChoreRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(monkeypatch):
    monkeypatch.setattr(chores, "_chores", {})
    return []


def add(done, name="sweep", every=timedelta(hours=1), work=None):
    chores.register(Chore(name, lambda: every, work or (lambda: done.append(name))))


def make_due(name="sweep"):
    ChoreRun.objects.filter(pk=name).update(due_at=timezone.now() - timedelta(seconds=1))


def test_chore_is_done_at_once_and_then_when_it_is_due(done):
    add(done)
    assert chores.run_due() == []
    chores.run_due()
    assert done == ["sweep"]
    make_due()
    chores.run_due()
    assert done == ["sweep", "sweep"]
    run = ChoreRun.objects.get()
    assert run.due_at > timezone.now() + timedelta(minutes=55)
    assert run.started_at <= run.ended_at


def test_chore_that_is_switched_off_is_not_done(done):
    add(done, every=None)
    assert chores.run_due() == []
    assert (done, ChoreRun.objects.count()) == ([], 0)


def test_failure_is_kept_told_and_tried_again_soon_while_others_go_on(done):
    def fail():
        raise OSError("the disk is full")

    add(done, work=fail)
    add(done, "other")
    assert chores.run_due() == ["sweep"]
    assert done == ["other"]
    run = ChoreRun.objects.get(pk="sweep")
    assert run.error == "OSError: the disk is full"
    assert run.due_at <= timezone.now() + chores.RETRY
    add(done)
    make_due()
    chores.run_due()
    assert ChoreRun.objects.get(pk="sweep").error == ""


def test_failure_that_has_words_of_its_own_is_kept_in_them(done):
    def fail():
        raise StorageFull("The disk is full.", fix="Free some space.")

    add(done, work=fail)
    chores.run_due()
    assert ChoreRun.objects.get(pk="sweep").error == "The disk is full."


def test_chore_that_another_worker_took_is_left_to_it(done):
    add(done)
    chores.run_due()
    make_due()

    def take_meanwhile():
        chores.run_due()
        done.append("first")

    add(done, work=take_meanwhile)
    chores.run_due()
    assert done == ["sweep", "first"]


def test_chore_that_lies_too_far_ahead_is_done(done):
    add(done)
    chores.run_due()
    ChoreRun.objects.update(due_at=timezone.now() + timedelta(days=400))
    chores.run_due()
    assert done == ["sweep", "sweep"]
