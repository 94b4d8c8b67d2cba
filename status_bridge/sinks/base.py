"""What a kind of receiver is: a small class that checks its settings and sends a message.

A plugin adds one with the hook ``vcflow_sinks``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib.auth.models import User

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from status_bridge import messages, net
from status_bridge.messages import Message
from status_bridge.models import Subscription
from status_bridge.net import Answer

ANSWER_LENGTH = 500
"""Characters of what a receiver says that are kept."""


class Undelivered(Exception):
    """The message didn't arrive; it is tried again.

    ``retry_after``: seconds that the receiver asked for.  ``is_endpoint``: the receiver as a whole
    is unwell, so that its other messages wait too.  ``is_gone``: it wants nothing any more.
    """

    def __init__(
        self,
        reason: str,
        *,
        status_code: int | None = None,
        answer: str = "",
        retry_after: float | None = None,
        is_endpoint: bool = False,
        is_gone: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status_code = status_code
        self.answer = answer
        self.retry_after = retry_after
        self.is_endpoint = is_endpoint
        self.is_gone = is_gone


@dataclass(frozen=True, slots=True)
class Receipt:
    """The message arrived; ``answer`` is the beginning of what the receiver said."""

    status_code: int | None = None
    answer: str = ""


@dataclass(frozen=True)
class Target:
    """A subscription as its sink sees it: ``secrets`` are open here, and nowhere else."""

    id: str
    name: str
    url: str
    options: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(repr=False)
    owner: User
    request: Callable[..., Answer] = net.request


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message from outside, as it came; the names of ``headers`` are in lower case."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What an arrival asks for, once its signature was checked; ``message_id`` makes it count once.

    With ``status`` the entry ``status_id`` is to become that, at once, as the subscription's owner;
    ``version`` is that of the newest fact the sender knew, None if it doesn't say.  Without it the
    session's lane is woken, so that ``send`` looks at the far side.
    ``by`` names who did it there; ``stamp`` is how new the far side's state is at least.
    """

    message_id: str
    session_id: str = ""
    status: str = ""
    reason: str = ""
    version: int | None = None
    by: str = ""
    stamp: str = ""


class Sink:
    """Talks to one kind of receiver.  It holds nothing: everything comes with the call."""

    kind: ClassVar[str]
    label: ClassVar[str]
    coalesces: ClassVar[bool] = False
    """Whether the newest message of a lane says all that the waiting ones before it would."""
    makes_secret: ClassVar[bool] = False
    """Whether vcflow makes the secret called ``secret``, with which both sides sign, and changes it when asked."""

    def check(self, url: str, options: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        """Raise InvalidInput for settings that can't work; the address itself was checked."""
        for name in options:
            raise InvalidInput(
                _("The kind {kind} knows no option {name}.").format(kind=self.kind, name=name),
                fix=_("Leave it out."),
                field=f"options.{name}",
            )

    def send(self, message: Message, target: Target) -> Receipt:
        """Tell the receiver; raises :class:`Undelivered`, or anything else, to be called again later.

        It is called at least once for each message, in order within a session.
        """
        raise NotImplementedError

    def ping(self, target: Target) -> Receipt:
        """See whether the receiver is there and takes what it is told; raises like :meth:`send`."""
        return self.send(messages.ping(target.id), target)

    def receive(self, arrival: Arrival, target: Target) -> Request | None:
        """What a message from outside asks for; None: nothing that concerns us.

        Raises NotAllowed (code ``bad-signature``) unless its signature is right and its time near.
        """
        raise InvalidInput(
            _("The kind {kind} takes no messages in.").format(kind=self.kind), fix=_("Use the REST API."), field="kind"
        )


_sinks: dict[str, Sink] = {}


def register(sink_class: type[Sink]) -> None:
    """Add a kind; raises ValueError for one that is taken by another class."""
    known = _sinks.setdefault(sink_class.kind, sink_class())
    if type(known) is not sink_class:
        raise ValueError(f"two sinks are called {sink_class.kind!r}: {type(known)!r} and {sink_class!r}")


def kinds() -> list[str]:
    """The names of all kinds."""
    return sorted(_sinks)


def sink_of(subscription: Subscription) -> Sink:
    """What talks to a subscription's receiver."""
    return get_sink(subscription.kind)


def get_sink(kind: str) -> Sink:
    """The sink of that kind."""
    sink = _sinks.get(kind)
    if sink is None:
        raise InvalidInput(
            _("There is no kind of receiver {kind}.").format(kind=kind),
            fix=_("Use one of: {names}.").format(names=", ".join(kinds())),
            field="kind",
        )
    return sink
