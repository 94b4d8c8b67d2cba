"""The kind ``github``: an issue for each session, which follows it and steers it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from sessions_app.actors import Actor
from sessions_app.exceptions import InvalidInput
from sessions_app.language import SUPPORTED, noop
from sessions_app.language import gettext as _
from sessions_app.masking import shown
from status_bridge import net, subscription_secrets  # the latter's names are there only once this package is
from status_bridge.messages import Message
from status_bridge.models import Subscription
from status_bridge.signing import bad_signature
from status_bridge.sinks.base import Arrival, Receipt, Request, Sink, Target, Undelivered
from status_bridge.sinks.github_api import GitHub, api_of
from status_bridge.sinks.github_tracker import GitHubTracker
from status_bridge.trackers import NotNow
from status_bridge.tracking import follow
from status_bridge.tracking_links import session_linked_to

DOOR = "tracker"
OPTIONS = ("api_url", "label", "language")
SECRETS = ("token", "webhook_secret")
LEAST_SECRET = 16
EVENT = "issues"

_LABEL = re.compile(r"[\w .-]{1,30}")
_TOKEN = re.compile(r"[\x21-\x7e]{10,500}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,100}")


class GitHubSink(Sink):
    """Issues of one repository on GitHub, or on a GitHub Enterprise server."""

    kind: ClassVar[str] = "github"
    label: ClassVar[str] = noop("GitHub issues")
    coalesces: ClassVar[bool] = True

    def check(self, url: str, options: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        """The repository, the options, and a token."""
        _refuse_unknown(self.kind, options, OPTIONS, _("option"), "options")
        _refuse_unknown(self.kind, secrets, SECRETS, _("secret"), "secrets")
        api, _repository = api_of(url, options)
        net.check_url(api)
        _check_options(options)
        _check_secrets(secrets)

    def send(self, message: Message, target: Target) -> Receipt:
        """Bring the session and its issue together; what the message says is read anew on both sides."""
        row = Subscription.objects.select_related("owner", "team").get(pk=target.id)

        def actor_of(name: str) -> Actor:
            return subscription_secrets.owner_actor(row, door=DOOR, submitted_by=name[:150])

        try:
            return Receipt(answer=follow(message, row, actor_of, GitHubTracker(target)))
        except NotNow as reason:
            raise Undelivered(str(reason), retry_after=reason.seconds) from reason

    def ping(self, target: Target) -> Receipt:
        """See whether the repository is there, and takes issues."""
        github = GitHub(target)
        if not github.about().get("has_issues"):
            reason = _("The repository {repository} has its issues turned off.").format(repository=github.repository)
            raise Undelivered(reason)
        return Receipt(200, _("The repository {repository} is there.").format(repository=github.repository))

    def receive(self, arrival: Arrival, target: Target) -> Request | None:
        """Something happened to an issue: its session's lane is woken, which reads the issue itself."""
        _verify(arrival, str(target.secrets.get("webhook_secret") or ""))
        if arrival.headers.get("x-github-event") != EVENT:
            return None
        event = _read(arrival.body)
        issue = _object(event, "issue")
        number = issue.get("number")
        if type(number) is not int or not _is_about(event, GitHub(target).repository):
            return None
        session_id = session_linked_to(target.id, str(number))
        if not session_id:
            return None
        return Request(message_id=_message_id(arrival), session_id=session_id, by=_login(event), stamp=_stamp(issue))


def _verify(arrival: Arrival, secret: str) -> None:
    """Raise unless GitHub signed the body with the secret; without one nothing is let in."""
    given = arrival.headers.get("x-hub-signature-256", "")
    right = "sha256=" + hmac.new(secret.encode(), arrival.body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(given.encode(), right.encode()):
        raise bad_signature()


def _read(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise InvalidInput(
            _("The message can't be understood."), fix=_("Choose application/json as the webhook's content type.")
        )
    return event


def _is_about(event: Mapping[str, Any], repository: str) -> bool:
    return str(_object(event, "repository").get("full_name")).lower() == repository.lower()


def _login(event: Mapping[str, Any]) -> str:
    return shown(str(_object(event, "sender").get("login") or ""))[:100]


def _object(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of an event; empty if it isn't there."""
    part = event.get(name)
    return part if isinstance(part, dict) else {}


def _stamp(issue: Mapping[str, Any]) -> str:
    """When the issue changed last, as far as it can be compared."""
    stamp = str(issue.get("updated_at") or "")
    return stamp if _MOMENT.fullmatch(stamp) else ""


def _message_id(arrival: Arrival) -> str:
    """The delivery's id, which is the same when GitHub sends it again."""
    given = arrival.headers.get("x-github-delivery", "")
    return given if _DELIVERY.fullmatch(given) else hashlib.sha256(arrival.body).hexdigest()


def _refuse_unknown(kind: str, given: Mapping[str, Any], known: tuple[str, ...], what: str, place: str) -> None:
    for name in given:
        if name not in known:
            raise InvalidInput(
                _("The kind {kind} knows no {what} {name}.").format(kind=kind, what=what, name=shown(name)),
                fix=_("Known: {names}.").format(names=", ".join(known)),
                field=f"{place}.{shown(name)}",
            )


def _check_options(options: Mapping[str, Any]) -> None:
    label, language = options.get("label", "vcflow"), options.get("language", SUPPORTED[0])
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise InvalidInput(
            _("The option label can't be a label's beginning."),
            fix=_("Give letters, digits, spaces, dots and hyphens, 30 at most."),
            field="options.label",
        )
    if language not in SUPPORTED:
        raise InvalidInput(
            _("The option language is none that vcflow speaks."),
            fix=_("Use one of: {names}.").format(names=", ".join(SUPPORTED)),
            field="options.language",
        )


def _check_secrets(secrets: Mapping[str, Any]) -> None:
    token, webhook_secret = secrets.get("token"), secrets.get("webhook_secret")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise InvalidInput(
            _("A token for GitHub is needed."),
            fix=_(
                "Make a fine-grained token that may read and write issues of the repository,"
                " and give it as the secret named token."
            ),
            field="secrets.token",
        )
    if webhook_secret is not None and (not isinstance(webhook_secret, str) or len(webhook_secret) < LEAST_SECRET):
        raise InvalidInput(
            _("The webhook secret is too short."),
            fix=_("Give at least {count} random characters, here and to GitHub.").format(count=LEAST_SECRET),
            field="secrets.webhook_secret",
        )
