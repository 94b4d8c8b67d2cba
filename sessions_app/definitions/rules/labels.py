"""The labels that rule files put before a value (``**主要角色**：…``, ``Done when: …``), and their meaning."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from sessions_app.definitions.rules.wording import plain, remark, without_symbols


class Meaning(Enum):
    """What the value of a known label is for; a note has no place of its own and joins the description."""

    ROLES = "roles"
    TOOLS = "tools"
    DELIVERABLES = "deliverables"
    EXIT = "exit_condition"
    NEXT = "next"
    LOOP = "loop"
    CHECKLIST = "checklist"
    DESCRIPTION = "description"
    NOTE = "note"


_WORDS = {
    Meaning.ROLES: "主要角色 角色 参与角色 负责角色 负责人 责任人 参与者 参与人 执行者 执行人"
    "|role|roles|main role|main roles|key roles|who|assignee|assignees|owner|owners|responsible|participants",
    Meaning.TOOLS: "主要工具 工具 使用工具 所需工具 相关工具|tool|tools|main tools|key tools",
    Meaning.DELIVERABLES: "输出物 交付物 产出物 输出 产出 主要输出 主要产出 输出成果 交付成果 阶段产出 阶段输出"
    "|output|outputs|deliverable|deliverables|artifact|artifacts|artefacts|main outputs|key outputs",
    Meaning.EXIT: "完成标志 完成标准 完成条件 退出条件 退出标准 出口条件 验收标准 结束条件 完成定义"
    "|done when|exit condition|exit conditions|exit criteria|completion|completion criteria|completed when"
    "|complete when|definition of done|acceptance criteria",
    Meaning.NEXT: "后续阶段 下一阶段 下一步 后续 后续步骤 后继阶段 下个阶段"
    "|next|next stage|next stages|next phase|next step",
    Meaning.LOOP: "循环回归 回归 回退 返回阶段 回退阶段|loop back|loops back|back to|returns to|return to",
    Meaning.CHECKLIST: "检查清单 检查项 检查点 检查列表 任务清单 核对清单 强制检查点"
    "|checklist|check list|checks|checkpoints",
    Meaning.DESCRIPTION: "描述 说明 目标 目的 阶段目标 阶段描述|description|goal|goals|purpose|objective|summary",
    Meaning.NOTE: "输入 输入物 主要输入 前置条件 进入条件 主要活动 关键活动 主要任务 主要工作 工作内容 注意事项 备注"
    "|input|inputs|entry criteria|prerequisites|preconditions|activities|key activities|note|notes",
}
_MEANINGS = {
    word.strip(): meaning
    for meaning, words in _WORDS.items()
    for group in words.split("|")
    for word in (group.split() if not group.isascii() else [group])
}
_BOLD = re.compile(r"(\*\*|__)(?P<label>[^*_\n][^\n]{0,80}?)\1\s*(?P<colon>[:：]?)\s*(?P<value>.*)", re.DOTALL)
_BARE = re.compile(r"(?P<label>[^:：\n]{1,40}?)\s*[:：](?!//)\s*(?P<value>.*)", re.DOTALL)
_CHECKPOINT = re.compile(
    r"[【\[(（]?(?:强制检查点|必须检查点|mandatory check ?point)"
    r"\s*#?[\d一二三四五六七八九十]*\s*[】\])）]?\s*[:：.、—–-]?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Label:
    """A label before a value; ``meaning`` is None for a label that isn't known."""

    text: str
    meaning: Meaning | None
    value: str
    bold: bool

    @property
    def fills(self) -> bool:
        """Whether its value has a place of its own in a stage."""
        return self.meaning not in (None, Meaning.NOTE)


def label(raw: str) -> Label | None:
    """The label that an entry or a line begins with: bold or bare, with a colon of either width.

    A known label in bold needs no colon when nothing follows it (its value is the list below).
    """
    text = without_symbols(raw.strip())
    bold = _BOLD.match(text)
    if bold:
        return _bold_label(bold)
    bare = _BARE.match(text)
    if not bare:
        meaning = meaning_of(text)
        return Label(plain(text), meaning, "", False) if meaning else None
    return Label(plain(bare["label"]), meaning_of(bare["label"]), bare["value"], False)


def _bold_label(bold: re.Match[str]) -> Label | None:
    text, value = plain(bold["label"]), bold["value"]
    inner = text.rstrip(":：").strip()
    meaning = meaning_of(inner)
    if bold["colon"] or inner != text or (meaning and not value):
        return Label(inner, meaning, value, True)
    return None


def meaning_of(text: str) -> Meaning | None:
    """What a label means, if it is known; a remark in brackets after it is tolerated or tried itself."""
    word = unicodedata.normalize("NFKC", plain(text)).strip(" :*").casefold()
    if word in _MEANINGS:
        return _MEANINGS[word]
    bare, aside = remark(word)
    return _MEANINGS.get(bare) or _MEANINGS.get(aside)


def checkpoint(raw: str) -> str | None:
    """The text of a ``强制检查点 N`` entry, else None."""
    text = plain(raw)
    found = _CHECKPOINT.match(without_symbols(text))
    return without_symbols(text)[found.end() :].strip() if found else None
