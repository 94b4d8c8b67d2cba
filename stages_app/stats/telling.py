"""Statistics in words, for the command line and for pages."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from sessions_app import machine
from sessions_app.durations import in_words
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from stages_app.stats.measures import Share, StageMeasures, Times
from stages_app.stats.reasons import Reason
from stages_app.stats.statistics import Statistics, WorkflowStatistics
from stages_app.timeline import Kind
from stages_app.timeline.drawing import KIND_WORDS

NONE = "-"

PARTS: tuple[Kind, ...] = ("active", "waiting", "paused", "failed")
"""What people are told of; the time between an end and a new beginning is told where there is any."""


def length(microseconds: int | None) -> str:
    """A length in words."""
    return NONE if microseconds is None else in_words(timedelta(microseconds=microseconds))


def percent(share: Share) -> str:
    """A share as a whole percentage; only nothing is 0%, and only everything is 100%."""
    if not share.whole:
        return NONE
    rounded = round(100 * share.part / share.whole)
    if share.part and not rounded:
        return "<1%"
    return ">99%" if rounded == 100 and share.part < share.whole else f"{rounded}%"


def window_words(found: Statistics) -> str:
    """From when to when, in the reader's zone."""
    begin, end = (timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") for moment in found.window[:2])
    return _("From {begin} to {end}").format(begin=begin, end=end)


def ended_words(found: WorkflowStatistics) -> str:
    """How many ended, and how."""
    return _("{completed} completed, {aborted} aborted, {failed} failed").format(
        completed=found.ended.get(machine.COMPLETED, 0),
        aborted=found.ended.get(machine.ABORTED, 0),
        failed=found.ended.get(machine.FAILED, 0),
    )


def sample_words(found: Statistics) -> str:
    """What the times are taken from; empty when it is everything."""
    if found.reach:
        text = _("So much ended that only what did since {moment} is counted; the times are of the newest {count}.")
        moment = timezone.localtime(found.reach).strftime("%Y-%m-%d %H:%M")
        return text.format(moment=moment, count=found.sampled)
    if not found.is_sample:
        return ""
    text = _("Times, rework and reasons are taken from the {count} sessions that ended last, of {all}.")
    return text.format(count=found.sampled, all=found.ended)


def bottleneck_words(found: WorkflowStatistics, stage: StageMeasures) -> str:
    """Which stage takes most of the time."""
    return _("{stage} takes most of the time: {share} of what completed sessions took.").format(
        stage=found.stage_name(stage.stage_id), share=percent(stage.share)
    )


def open_words(found: WorkflowStatistics) -> str:
    """How many are open and how old they are."""
    count, ages = found.open.count, found.open.ages
    if ages is None:
        return _("at least {count}").format(count=count)
    if not ages:
        return "0"
    return _("{count}, the oldest for {age}").format(count=count, age=length(ages[-1]))


def first_pass_words(found: WorkflowStatistics) -> str:
    """How many went through without a failure or a second attempt."""
    share = found.measures.first_pass
    return _("{share} ({part} of {whole} completed sessions)").format(
        share=percent(share), part=share.part, whole=share.whole
    )


def rework_words(found: WorkflowStatistics) -> str:
    """How many stages took more than one attempt."""
    share = found.measures.repeated
    return _("{share} of the stages, {mean} attempts per stage").format(
        share=percent(share), mean=f"{found.measures.attempts / share.whole:.2f}" if share.whole else NONE
    )


def reason_words(reason: Reason) -> str:
    """A reason and how often it was given; not yet safe to show."""
    told = ngettext("{count} time", "{count} times", reason.count).format(count=reason.count)
    text = reason.text or _("no reason given")
    return f"{text} ({told})"


def per_day_words(found: WorkflowStatistics) -> str:
    """How many were completed a day, and a week."""
    return _("{mean} a day, {week} a week").format(mean=f"{found.daily:.1f}", week=f"{7 * found.daily:.1f}")


def shares(times: Times) -> list[tuple[Kind, Share]]:
    """Which part of the time was what; the kinds that there were not are left out."""
    kinds: tuple[Kind, ...] = (*PARTS, "ended")
    return [(kind, Share(times.parts[kind].total, times.cycle.total)) for kind in kinds if times.parts[kind].total]


def part_words(times: Times) -> list[str]:
    """The same in words."""
    return [_("{what} {share}").format(what=_(KIND_WORDS[kind]), share=percent(share)) for kind, share in shares(times)]
