"""Who acts, and for whom."""

import pytest

from sessions_app.actors import act_as, get_user, local_actor
from sessions_app.exceptions import NotAllowed, NotFound
from sessions_app.services import FlowSessionManager
from tests.factories import actor, events_of, in_team, new_session, user

pytestmark = pytest.mark.django_db


def test_local_user_is_made_once_and_has_no_password():
    first, second = local_actor(), local_actor("cli")
    assert first.user.pk == second.user.pk
    assert (first.username, first.door, second.door) == ("local", "python", "cli")
    assert not first.user.has_usable_password()


def test_somebody_acts_for_another_and_both_are_on_record():
    flow_session = in_team(new_session(), "platform")
    user("lin", operates=["platform"])
    FlowSessionManager(act_as("lin", local_actor("cli"))).pause_session(flow_session.pk)
    event = events_of(flow_session)[-1]
    assert (event.actor, event.door, event.submitted_by) == ("lin", "cli", "local")


@pytest.mark.parametrize("username", ["nobody", "", "\x00", "\ud800", None, 5])
def test_unknown_user_is_not_found(username):
    for look_up in (get_user, lambda name: act_as(name, local_actor())):
        with pytest.raises(NotFound) as caught:
            look_up(username)
        assert caught.value.exit_status == 3


def test_nobody_acts_for_a_disabled_user():
    disabled = actor("lin").user
    disabled.is_active = False
    disabled.save(update_fields=["is_active"])
    with pytest.raises(NotAllowed) as caught:
        act_as("lin", local_actor())
    assert caught.value.exit_status == 4
