"""A template wrapper ``{variables, template}``: its ``{{placeholders}}`` filled in."""

from __future__ import annotations

import re
from typing import Any

from sessions_app.definitions.json_predecessor.place import Place, as_text
from sessions_app.definitions.positions import Path
from sessions_app.definitions.problems import Report, label
from sessions_app.language import gettext as _

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w.-]{0,63})\s*\}\}")
_TAKEN_OVER = ("name", "description", "type", "source_rule")


def unwrapped(wrapper: Place, template: Place, stem: str) -> Place:
    """The template with its placeholders filled in, and what it leaves out taken from the wrapper."""
    values = _values(wrapper, stem)
    required = {name for name, spec in _variables(wrapper).items() if spec.get("required")}
    filled = _Filler(wrapper.report, values, required).fill(template.value, template.path)
    for key in _TAKEN_OVER:
        if not filled.get(key) and wrapper.value.get(key):
            filled[key] = wrapper.value[key]
    return Place(filled, template.path, wrapper.report)


def unfilled(workflow: Place) -> Place:
    """A workflow without a wrapper: a warning for each placeholder, which stays as it is."""
    return Place(
        _Filler(workflow.report, {}, set()).fill(workflow.value, workflow.path), workflow.path, workflow.report
    )


def has_placeholder(text: str) -> bool:
    """Whether a text has a ``{{placeholder}}`` in it."""
    return bool(_PLACEHOLDER.search(text))


def _variables(wrapper: Place) -> dict[str, dict[str, Any]]:
    """What is said of each variable, by name; a list of objects, or an object of defaults."""
    variables = wrapper.value.get("variables")
    if isinstance(variables, dict):
        return {name: spec if isinstance(spec, dict) else {"default": spec} for name, spec in variables.items()}
    entries = variables if isinstance(variables, list) else []
    return {str(entry["name"]): entry for entry in entries if isinstance(entry, dict) and "name" in entry}


def _values(wrapper: Place, stem: str) -> dict[str, Any]:
    """Each variable's default; without one, id and name come from the file and the rest is empty."""
    own = {name: wrapper.value.get(name) or "" for name in ("name", "description")}
    own = {"id": stem, **own, "name": own["name"] or stem}
    values = {**own, **dict.fromkeys(_variables(wrapper), "")}
    for name, spec in _variables(wrapper).items():
        default = spec.get("default")
        values[name] = own.get(name, "") if default is None else default
    return values


class _Filler:
    def __init__(self, report: Report, values: dict[str, Any], required: set[str]) -> None:
        self._report = report
        self._values = values
        self._required = required

    def fill(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: self.fill(child, (*path, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.fill(child, (*path, place)) for place, child in enumerate(value)]
        if isinstance(value, str) and "{{" in value:
            return self._fill_text(value, path)
        return value

    def _fill_text(self, text: str, path: Path) -> Any:
        whole = _PLACEHOLDER.fullmatch(text.strip())
        if whole:
            return self._value(whole, path)
        return _PLACEHOLDER.sub(lambda match: as_text(self._value(match, path)), text)

    def _value(self, match: re.Match[str], path: Path) -> Any:
        name = match.group(1)
        if name not in self._values:
            message = _("Nothing says what {{{{{name}}}}} stands for; it is left as it is.").format(name=label(name))
            self._report.warn(path, "template-variable", message, _("Write the value in its place."))
            return match.group()
        value = self._values[name]
        if value == "" and name in self._required:
            message = _("The variable '{name}' is required and has no default; it is left empty.").format(
                name=label(name)
            )
            self._report.warn(path, "template-variable", message, _("Give the variable a default."))
        return value
