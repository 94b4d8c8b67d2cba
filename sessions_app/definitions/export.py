"""A :class:`Definition` → vcflow's own format: what stands for itself is left out, and reading it back is lossless."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from sessions_app.definitions.ids import deliverable_id, item_ids
from sessions_app.definitions.schema import (
    ChecklistItem,
    Definition,
    Deliverable,
    StageDefinition,
    Transition,
)
from sessions_app.definitions.yaml_source import resolve

FORMAT_VERSION = 1


def to_json(definition: Definition) -> str:
    """JSON text, indented, every language readable as it is."""
    return json.dumps(_workflow(definition), ensure_ascii=False, indent=2) + "\n"


def to_yaml(definition: Definition) -> str:
    """YAML text, every language readable as it is."""
    return yaml.dump(_workflow(definition), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


class _Dumper(yaml.SafeDumper):
    """Indents lists, shows texts of several lines as such, and never uses anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        # PyYAML quotes what YAML 1.1 takes for a number; our reader has rules of its own.
        style = "|" if "\n" in text else "'" if resolve(text) != text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _workflow(definition: Definition) -> dict[str, Any]:
    return {
        "vcflow": FORMAT_VERSION,
        "id": definition.id,
        "name": _plain(definition.name),
        **_given(type=definition.type, description=definition.description),
        # Always: without it the name of the file that this is read from would take its place.
        "source_rule": definition.source_rule,
        **_given(parallel=definition.parallel),
        "stages": [_stage(stage) for stage in definition.stages],
        **_given(transitions=[_transition(transition) for transition in definition.transitions]),
    }


def _stage(stage: StageDefinition) -> dict[str, Any]:
    return {
        "id": stage.id,
        **({} if stage.name == stage.id else {"name": _plain(stage.name)}),
        **_given(description=stage.description),
        **({} if stage.required else {"required": False}),
        **_given(
            depends_on=list(stage.depends_on),
            roles=[_plain(role) for role in stage.roles],
            tools=[_plain(tool) for tool in stage.tools],
            checklist=_checklist(stage.checklist),
            deliverables=[_deliverable(each, number) for number, each in enumerate(stage.deliverables, 1)],
            exit_condition=stage.exit_condition,
            timeout=stage.timeout,
            lease=stage.lease.content() if stage.lease else None,
        ),
    }


def _checklist(items: tuple[ChecklistItem, ...]) -> list[Any]:
    """With the items' ids only where reading wouldn't give them the same again."""
    told = item_ids([(None, item.text) for item in items]) != [item.id for item in items]
    return [_entry({"id": item.id} if told else {}, "text", item.text, item.required) for item in items]


def _deliverable(deliverable: Deliverable, number: int) -> Any:
    told = deliverable_id(deliverable.name, number) != deliverable.id
    return _entry({"id": deliverable.id} if told else {}, "name", deliverable.name, deliverable.required)


def _entry(identity: dict[str, str], key: str, text: Any, required: bool) -> Any:
    """A plain text where that says it all."""
    if not identity and required and isinstance(text, str):
        return text
    return {**identity, key: _plain(text), **({} if required else {"required": False})}


def _transition(transition: Transition) -> dict[str, Any]:
    return {"from": transition.source, "to": transition.target, **_given(condition=transition.condition)}


def _given(**values: Any) -> dict[str, Any]:
    """Those that say something."""
    return {key: _plain(value) for key, value in values.items() if value}


def _plain(value: Any) -> Any:
    """A text in several languages as a plain dictionary, which every writer knows."""
    return dict(value) if isinstance(value, Mapping) else value
