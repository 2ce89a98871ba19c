"""Layers of settings become a run."""

import json
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.library import Library
from goexplore.budget import Budget
from goexplore.config import (
    ConfigError,
    Layer,
    RunConfig,
    Settings,
    checked,
    environment,
    options,
    overrides,
    prepare,
    preset,
    presets,
    run_file,
    schema,
    stored,
)
from goexplore.domain import DomainError
from goexplore.events import Ending
from mutators.llm.base import LLMError

PUZZLE: Settings = {"domain": {"kind": "game24", "numbers": [4, 4, 6, 8]}}


def config(*above: Layer, named: str = "default", world: Settings = PUZZLE) -> RunConfig:
    return checked([preset(named).layer, options(world), *above])


def file(folder: Path, text: str) -> Layer:
    path = folder / "run.toml"
    path.write_text(text)
    return run_file(path)


def complaint(*above: Layer) -> str:
    with pytest.raises(ConfigError) as raised:
        config(*above)
    return str(raised.value)


@pytest.mark.parametrize("name", ["default", "random", "depth-first", "breadth-first"])
def test_a_preset_makes_a_run(name: str) -> None:
    assert config(named=name).spec["horizon"] == (1 if name in {"default", "breadth-first"} else 3)


def test_presets_say_what_they_are_and_where_from() -> None:
    assert all(each.description and each.source for each in presets())


def test_upper_layers_win(tmp_path: Path) -> None:
    below = file(tmp_path, "[run]\nseed = 1\nworkers = 2\nhorizon = 5\n")

    run = config(
        below, overrides(["run.seed=2", "run.workers=3"]), options({"run": {"seed": 3}})
    ).run

    assert (run.horizon, run.workers, run.seed) == (5, 3, 3)


def test_an_option_that_was_not_given_hides_nothing() -> None:
    run = config(overrides(["run.seed=2"]), options({"run": {"seed": None}})).run

    assert run.seed == 2


def test_another_kind_drops_the_parameters_of_the_one_below(tmp_path: Path) -> None:
    below = file(tmp_path, '[selection]\nkind = "softmax"\ntemperature = 2.0\n')

    spec = config(below, overrides(["selection.kind=dgm", "selection.midpoint=0.1"])).spec

    assert spec["selection"] == {"kind": "dgm", "steepness": 10.0, "midpoint": 0.1}


def test_the_same_kind_keeps_them(tmp_path: Path) -> None:
    below = file(tmp_path, '[selection]\nkind = "softmax"\ntemperature = 2.0\n')

    spec = config(below, overrides(["selection.kind=softmax"])).spec

    assert spec["selection"] == {"kind": "softmax", "temperature": 2.0}


def test_overrides_are_toml_or_bare_words() -> None:
    layer = overrides(["domain.rules=exact", "domain.numbers=[1, 5, 5, 5]", "run.name='x'"])

    assert layer.settings == {
        "domain": {"rules": "exact", "numbers": [1, 5, 5, 5]},
        "run": {"name": "x"},
    }


def test_the_environment_lies_below_a_run_file(tmp_path: Path) -> None:
    variables = environment({"GOEXPLORE_ARCHIVE": "sqlite:///env.db", "HOME": "/"})

    assert config(variables).url == "sqlite:///env.db"
    assert (
        config(variables, file(tmp_path, '[archive]\nurl = "sqlite:///file.db"\n')).url
        == "sqlite:///file.db"
    )


def test_a_budget_is_without_limit_where_nothing_is_said() -> None:
    assert config(overrides(["budget.steps=10"])).budget == Budget(steps=10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("selection.temprature=1", "-s: [selection] has no key 'temprature'; known are epsilon"),
        ("run.sed=1", "-s: [run] has no key 'sed'; did you mean 'seed'?"),
        ("run.workers=2.5", "-s: [run] workers = 2.5: should be a valid integer"),
        ("run.deterministic=1", "-s: [run] deterministic = 1: should be a valid boolean"),
        ("budget.seconds=inf", "-s: [budget] seconds = Infinity: should be a finite number"),
        ("domain.rules=loose", "-s: [domain] rules = \"loose\": should be 'ige' or 'exact'"),
        ("domain.numbers=[1, 2, 3]", "-s: [domain] numbers = [1, 2, 3]: at 3: field required"),
        (
            'domain.numbers=[1, 2, 3, "x"]',
            '-s: [domain] numbers = [1, 2, 3, "x"]: at 3: should be a valid integer',
        ),
        ("selection.kind=7", "-s: [selection] needs a 'kind'; known are beam"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, expected: str) -> None:
    assert complaint(overrides([text])).startswith(expected)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ConfigError, match=r"\[domain\] needs a key 'numbers'"):
        config(world={"domain": {"kind": "game24"}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[selektion]\n", "there is no section [selektion]; did you mean 'selection'?"),
        ("seed = 1\n", "'seed' stands outside of a section; it belongs into [run]"),
        ("run = 1\n", "run = 1 should be a section, [run]"),
        ("[run\n", "no TOML: "),
    ],
)
def test_what_no_run_file_may_hold_is_told_with_its_file(
    tmp_path: Path, text: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        file(tmp_path, text)

    assert str(raised.value).startswith(f"{tmp_path / 'run.toml'}: {expected}")


def test_bytes_that_are_no_text_are_told_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_bytes(b"[run]\n\xff")

    with pytest.raises(ConfigError, match="byte 6"):
        run_file(tmp_path / "run.toml")


@pytest.mark.parametrize("text", ["seed=1", "run.seed", "run.seed.x=1", "=", "run.=1"])
def test_an_override_without_section_key_or_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"write SECTION\.KEY=VALUE"):
        overrides([text])


def test_an_unknown_preset_names_what_is_near() -> None:
    with pytest.raises(ConfigError, match="did you mean 'random'"):
        preset("ramdom")


def test_the_name_says_the_domain_and_is_the_same_for_the_same_settings() -> None:
    names = {config().name, config().name}

    assert len(names) == 1
    assert names.pop().startswith("game24-4-4-6-8-")


def test_other_settings_are_another_run() -> None:
    assert config(overrides(["run.seed=1"])).name != config().name


@pytest.mark.parametrize("text", ["budget.steps=5", "run.workers=4", "archive.url=sqlite:///x.db"])
def test_what_a_run_may_spend_and_where_it_is_kept_is_not_what_it_is(text: str) -> None:
    assert config(overrides([text])).name == config().name


def test_workers_are_part_of_a_run_whose_selection_waits_for_them() -> None:
    one, two = (config(overrides(["run.deterministic=true", f"run.workers={n}"])) for n in (1, 2))

    assert (one.spec["lag"], two.spec["lag"]) == (1, 2)


def test_a_run_comes_back_from_its_spec() -> None:
    first = config(overrides(["run.deterministic=true", "run.workers=3", "selection.kind=dgm"]))

    second = checked([stored(first.name, json.loads(json.dumps(first.spec)))])

    assert second.spec == first.spec
    assert second.name == first.name


def test_a_prepared_run_explores_and_is_kept(tmp_path: Path) -> None:
    asked = config(named="depth-first")

    with Library(f"sqlite:///{tmp_path}/a.db") as library:
        with prepare(asked, library=library) as run:
            outcome = run.engine.run()
        kept = library.find(asked.name)

    assert outcome.ending is Ending.GOAL
    assert kept.steps == outcome.spent.steps


def test_a_world_without_a_goal_leaves_no_run_behind(tmp_path: Path) -> None:
    hopeless = config(world={"domain": {"kind": "game24", "numbers": [1, 1, 1, 1]}})

    with Library(f"sqlite:///{tmp_path}/a.db") as library:
        with pytest.raises(DomainError, match="exhaustion"):
            prepare(hopeless, library=library)
        assert library.runs() == []


def test_a_name_in_use_by_other_settings_is_refused(tmp_path: Path) -> None:
    first, second = (config(overrides(["run.name=mine", f"run.seed={n}"])) for n in (1, 2))

    with Library(f"sqlite:///{tmp_path}/a.db") as library:
        prepare(first, library=library).close()
        with pytest.raises(ArchiveError, match="seed was 1 and is now 2"):
            prepare(second, library=library)


def test_a_password_is_not_told() -> None:
    told = config(overrides(["archive.url=postgresql+psycopg://me:secret@host/name"])).archive

    assert told == "postgresql+psycopg://me:***@host/name"


def test_the_effective_settings_make_the_same_run() -> None:
    run = config(overrides(["budget.steps=5", "selection.kind=softmax"]))

    again = checked([Layer(source="again", settings=run.settings)])

    assert again.settings == run.settings
    assert again.name == run.name


def test_the_schema_knows_sections_kinds_and_parameters() -> None:
    found = json.dumps(schema())

    assert all(f'"{word}"' in found for word in ("selection", "softmax", "temperature", "horizon"))


MIXED = """
[run]
model = "openai:gpt-4o-mini"

[mutation]
kind = "mixture"
arms = [
    { kind = "diff", model = "openai:gpt-4o", prompts = "mine" },
    { kind = "rewrite", name = "anew" },
    { kind = "append-action" },
]
"""


def test_the_arms_of_a_mixture_are_parts_like_any_other(tmp_path: Path) -> None:
    run = config(file(tmp_path, MIXED))

    assert [arm.part.name for arm in run.mutation.arms] == ["diff", "rewrite", "append-action"]
    assert [arm.model for arm in run.mutation.arms] == [
        "openai:gpt-4o",
        "openai:gpt-4o-mini",
        None,
    ]
    assert run.asked == ["openai:gpt-4o", "openai:gpt-4o-mini"]
    assert run.noting == "openai:gpt-4o-mini"
    said = json.loads(json.dumps(run.spec["mutation"]))["arms"]
    assert said[0]["prompts"] == str(tmp_path / "mine")
    assert said[0]["temperature"] == 0.8
    assert (said[1]["kind"], said[1]["name"]) == ("rewrite", "anew")
    assert said[1]["model"] == "openai:gpt-4o-mini"


def test_a_run_with_a_mixture_is_brought_back_from_its_spec(tmp_path: Path) -> None:
    run = config(file(tmp_path, MIXED), overrides(["notes.every=20"]))

    again = checked([stored("run", json.loads(json.dumps(run.spec)))])

    assert again.spec == run.spec
    assert checked([options(run.settings)]).spec == run.spec


def test_arms_can_be_given_on_the_command_line() -> None:
    said = '[{kind="append-action"}, {kind="append-action", name="worst", order="given"}]'

    run = config(overrides(["mutation.kind=mixture", f"mutation.arms={said}"]))

    assert [arm.name for arm in run.mutation.arms] == ["", "worst"]
    assert run.asked == []
    assert "notes" not in run.spec


@pytest.mark.parametrize(
    ("arms", "error"),
    [
        ('{kind="diff", frm="whole"}', "-s: arm 2: [mutation] has no key 'frm'; did you mean 'f"),
        ('{kind="diff", form="all"}', '-s: arm 2: [mutation] form = "all": should be'),
        ('{form="whole"}', "-s: arm 2: [mutation] needs a 'kind'; known are append-action"),
        ('{kind="diff"}', "-s: arm 2: [mutation] diff asks a model: name one with --model"),
        ('{kind="diff", name=3}', "-s: arm 2: [mutation] name = 3 should be text"),
        ('{kind="mixture", arms=[]}', "-s: arm 2: [mutation] a mixture cannot be an arm of"),
    ],
)
def test_what_is_wrong_with_an_arm_is_told_with_its_place(arms: str, error: str) -> None:
    said = f'[{{kind="append-action"}}, {arms}]'

    found = complaint(overrides(["mutation.kind=mixture", f"mutation.arms={said}"]))

    assert found.startswith(error)


@pytest.mark.parametrize("arms", ["", "mutation.arms=[]", 'mutation.arms=[{kind="fix"}]'])
def test_a_mixture_needs_two_arms(arms: str) -> None:
    found = complaint(overrides(["mutation.kind=mixture", *([arms] if arms else [])]))

    assert "arms" in found


def test_notes_are_written_by_the_model_that_is_named_for_them() -> None:
    mutation = {"kind": "diff", "model": "openai:gpt-4o"}
    own = options({"mutation": mutation})

    assert config(own).noting == "openai:gpt-4o"
    assert config(own, overrides(["notes.model=openai:gpt-4o-mini"])).asked == [
        "openai:gpt-4o",
        "openai:gpt-4o-mini",
    ]
    assert config(own, overrides(["notes.every=0"])).noting is None


def test_a_model_for_notes_that_nobody_reads_is_refused() -> None:
    assert complaint(overrides(["notes.model=openai:gpt-4o"])).endswith("reads no notes")


def test_an_arm_of_unknown_price_is_refused_under_a_budget_in_dollars(tmp_path: Path) -> None:
    said = '[{kind="diff", model="openai:x@http://h.example/v1"}, {kind="append-action"}]'
    run = config(overrides(["mutation.kind=mixture", f"mutation.arms={said}", "budget.dollars=1"]))

    with (
        Library(f"sqlite:///{tmp_path / 'a.db'}") as library,
        pytest.raises(LLMError, match="no price is known for openai:x"),
    ):
        prepare(run, library=library)
