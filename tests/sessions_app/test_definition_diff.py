from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.definitions import bundled, read_file
from sessions_app.definitions.diff import compare
from sessions_app.definitions.schema import ChecklistItem, Definition, Deliverable, Lease, StageDefinition, Transition
from tests.factories import definition, stage


def differences(before, after, stage_id="build"):
    """What differs in that stage, as short tuples."""
    [found] = [each for each in compare(before, after).stages if each.stage.id == stage_id]
    return [(each.kind, each.part, each.before, each.after) for each in found.differences]


def of_stages(before, after):
    """``(old id, new id, moved)`` of every stage."""
    return [
        (each.before and each.before.id, each.after and each.after.id, each.moved)
        for each in compare(before, after).stages
    ]


def changed(of, **values):
    """The definition with its first stage changed."""
    return replace(of, stages=(replace(of.stages[0], **values), *of.stages[1:]))


def test_a_definition_does_not_differ_from_itself():
    for path in bundled():
        [reading] = read_file(path)
        same = compare(reading.definition, Definition.from_content(reading.definition.content()))
        assert same.is_empty
        assert [each.stage.id for each in same.stages] == [each.id for each in reading.definition.stages]


def test_stages_are_told_as_new_gone_and_moved():
    before, after = definition("plan", "draw", "build", "test"), definition("test", "plan", "draw", "ship")
    assert of_stages(before, after) == [
        ("test", "test", True),
        ("plan", "plan", False),
        ("draw", "draw", False),
        ("build", None, False),
        (None, "ship", False),
    ]


def test_the_fewest_stages_count_as_moved():
    before, after = definition(*"abcde"), definition(*"bcdea")
    assert [new for _old, new, moved in of_stages(before, after) if moved] == ["a"]


def test_a_stage_with_another_id_and_the_same_name_was_renamed():
    before = definition(
        stage("code", name="Coding"), stage("test", depends_on=["code"]), transitions=[("test", "code")]
    )
    after = definition(
        stage("coding", name="Coding"), stage("test", depends_on=["coding"]), transitions=[("test", "coding")]
    )
    found = compare(before, after)
    assert [(each.stage.id, each.renamed) for each in found.stages] == [("coding", True), ("test", False)]
    assert found.stages[0].differences == ()
    assert found.stages[1].is_same
    assert found.transitions == ()


def test_a_stage_with_much_the_same_content_was_renamed():
    before = definition(stage("code", items=["a", "b", "c"], name="Coding"))
    after = definition(stage("build", items=["a", "b", "c", "d"], name="Building"))
    [found] = compare(before, after).stages
    assert found.renamed
    assert [(each.part, each.kind) for each in found.differences] == [("name", "changed"), ("item", "added")]


def test_a_stage_that_only_looks_different_is_another_one():
    assert of_stages(definition(stage("code", items=["a"])), definition(stage("ship", items=["z"]))) == [
        ("code", None, False),
        (None, "ship", False),
    ]


def test_items_are_told_as_new_gone_changed_and_moved():
    def items(*texts):
        return tuple(ChecklistItem(text[:12], text) for text in texts)

    before = definition(replace(stage("build"), checklist=items("Write the code", "Lint", "Test", "Ask Mei")))
    after = definition(replace(stage("build"), checklist=items("Lint", "Test", "Write the code well", "Deploy")))
    assert differences(before, after) == [
        ("removed", "item", "Ask Mei", None),
        ("changed", "item", "Write the code", "Write the code well"),
        ("moved", "item", 1, 3),
        ("added", "item", None, "Deploy"),
    ]


def test_an_item_whose_text_gave_its_id_is_the_same_when_the_text_is_alike():
    before = definition(replace(stage("build"), checklist=(ChecklistItem("item-1", "写完所有的代码"),)))
    after = definition(replace(stage("build"), checklist=(ChecklistItem("item-2", "写完所有的代码吧"),)))
    assert differences(before, after) == [("changed", "item", "写完所有的代码", "写完所有的代码吧")]


def test_texts_are_compared_in_each_language():
    before = definition(stage("build", name={"en": "Build", "zh-hans": "编码"}))
    after = definition(stage("build", name={"en": "Build", "zh-hans": "开发"}))
    [found] = compare(before, after).stages
    [only] = found.differences
    assert (only.part, only.language, only.before, only.after) == ("name", "zh-hans", "编码", "开发")


def test_one_text_for_all_languages_says_the_same_as_that_text_in_each():
    before, after = stage("build", name="Build"), stage("build", name={"en": "Build", "zh-hans": "编码"})
    assert [(each.language, each.before, each.after) for each in compare(definition(before), definition(after)).stages[
        0
    ].differences] == [("zh-hans", "Build", "编码")]  # fmt: skip


def test_values_of_a_stage_are_told_with_both_sides():
    before = changed(definition(stage("build", timeout=60)), lease=Lease())
    after = changed(
        before, timeout=None, lease=Lease(60), required=False, exit_condition="All tests pass", tools=("pytest",)
    )
    assert differences(before, after) == [
        ("changed", "required", True, False),
        ("added", "exit_condition", None, "All tests pass"),
        ("added", "tool", None, "pytest"),
        ("removed", "timeout", 60, None),
        ("changed", "lease_seconds", 900, 60),
    ]


def test_what_an_entry_is_required_for_and_called_is_told_with_its_text():
    before = definition(stage("build", items=["a"], deliverables=["b"]))
    after = changed(
        before,
        checklist=(ChecklistItem("first", "Do a"),),
        deliverables=(Deliverable("b", "B", required=False),),
    )
    [found] = compare(before, after).stages
    assert [(each.part, each.subject, each.before, each.after) for each in found.differences] == [
        ("id", "Do a", "a", "first"),
        ("required", "B", True, False),
    ]


def test_dependencies_are_told_one_by_one():
    before = definition("plan", stage("build", depends_on=["plan"]), "test")
    after = definition("plan", stage("build", depends_on=["test"]), "test")
    assert differences(before, after) == [
        ("removed", "depends_on", "plan", None),
        ("added", "depends_on", None, "test"),
    ]


def test_transitions_are_told_by_their_ends():
    before = replace(definition("a", "b"), transitions=(Transition("a", "b", "done"), Transition("b", "a")))
    after = replace(definition("a", "b"), transitions=(Transition("a", "b", "all done"), Transition("a", "a", "again")))
    found = compare(before, after).transitions
    assert [(each.kind, each.part, each.subject, each.before, each.after) for each in found] == [
        ("changed", "condition", "a → b", "done", "all done"),
        ("removed", "transition", "b → a", "", None),
        ("added", "transition", "a → a", None, "again"),
    ]


def test_general_facts_are_told():
    before = definition("a", name="Old")
    after = replace(before, name="New", type="x", parallel=True, description="Why", source_rule="a.md")
    assert [(each.part, each.kind) for each in compare(before, after).general] == [
        ("name", "changed"),
        ("type", "added"),
        ("description", "added"),
        ("source_rule", "added"),
        ("parallel", "changed"),
    ]


LANGUAGES = ("zh-hans", "en")
TEXTS = st.sampled_from(["", "Write it", "Write it well", "写好", "写好它"])
LOCAL = TEXTS | st.fixed_dictionaries(dict.fromkeys(LANGUAGES, TEXTS))
NAMES = st.sampled_from("abcd")


@st.composite
def definitions(draw):
    ids = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    stages = [
        StageDefinition(
            id=stage_id,
            name=draw(LOCAL),
            order=order,
            required=draw(st.booleans()),
            checklist=tuple(
                ChecklistItem(key, draw(LOCAL), draw(st.booleans()))
                for key in draw(st.lists(NAMES, max_size=3, unique=True))
            ),
            depends_on=tuple(draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))),
            roles=tuple(draw(st.lists(TEXTS, max_size=2, unique=True))),
            timeout=draw(st.none() | st.integers(1, 3)),
        )
        for order, stage_id in enumerate(ids, 1)
    ]
    ways = st.builds(Transition, st.sampled_from(ids), st.sampled_from(ids), LOCAL)
    return Definition("w", draw(LOCAL), tuple(stages), transitions=tuple(draw(st.lists(ways, max_size=3))))


@settings(max_examples=300)
@given(definitions(), definitions())
def test_nothing_differs_exactly_when_both_say_the_same(before, after):
    says_the_same = spelled_out(before) == spelled_out(after)
    assert compare(before, after).is_empty is says_the_same
    assert compare(before, before).is_empty


def spelled_out(which):
    texts = {"name", "text", "condition", "description", "exit_condition"}

    def spell(value, key=""):
        if key in texts:
            return {language: value if isinstance(value, str) else value.get(language, "") for language in LANGUAGES}
        if isinstance(value, dict):
            return {name: spell(each, name) for name, each in value.items()}
        return [spell(each) for each in value] if isinstance(value, list) else value

    return spell(which.content())


@given(definitions(), definitions())
def test_every_stage_of_both_stands_there_once(before, after):
    found = compare(before, after).stages
    assert sorted(each.before.id for each in found if each.before) == sorted(each.id for each in before.stages)
    assert [each.after.id for each in found if each.after] == [each.id for each in after.stages]
