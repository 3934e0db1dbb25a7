"""`gan.training.start`: a run from a model's weights, its classes by name, what does not fit, and frozen layers."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
import torch
from conftest import assert_same, small
from runs import read_state, refused, stop_after, train_parts

from gan import networks, train_flags
from gan.config import ClassGroup, Config
from gan.errors import ConfigError, FolderError
from gan.models.directions import without_names
from gan.models.model import Model, load
from gan.training import loop
from gan.training.start import begin_with, first_layers

LITTLE = Config(resolution=28, channels=1, width=16, z_dim=8, classes=("a", "b", "c"))


def pair(config, seed):
    """Networks of a config with random weights everywhere, also where they start at zero."""
    torch.manual_seed(seed)
    built = networks.build(config)
    for network in built:
        for parameter in network.parameters():
            parameter.data.normal_(0, 0.1)
    return built


def begun(old: Config, new: Config):
    """Return a model of one config, and the networks of another that began with it."""
    none = torch.empty(0, old.z_dim)
    model = Model("old", old, *pair(old, 1), without_names(none, none))
    generator, critic = pair(new, 2)
    begin_with(model, new, generator, critic)
    return model, generator.eval(), critic.eval()


def rows(*weights) -> torch.Tensor:
    return torch.tensor(weights)


def outputs(generator, critic, y):
    with torch.no_grad():
        z = torch.randn(len(y) if y is not None else 2, LITTLE.z_dim, generator=torch.Generator().manual_seed(0))
        x = torch.randn(len(z), 1, 28, 28, generator=torch.Generator().manual_seed(1))
        return generator(z, y), critic(x, y)


@pytest.mark.parametrize("settings", [{}, {"network": "dcgan"}, {"critic_norm": "spectral"}], ids=str)
def test_the_same_classes_begin_as_the_model(settings):
    config = dataclasses.replace(LITTLE, **settings)
    model, generator, critic = begun(config, config)
    assert_same(dict(generator.state_dict()), dict(model.generator.state_dict()))
    if not settings.get("critic_norm"):  # whose estimates are improved
        assert_same(dict(critic.state_dict()), dict(model.critic.state_dict()))


def test_classes_keep_their_weights_by_name_and_new_ones_start_as_the_mean():
    model, generator, critic = begun(LITTLE, dataclasses.replace(LITTLE, classes=("new", "c", "a", "more")))
    pictures, logits = outputs(generator, critic, rows([0.0, 1, 0, 0], [0.0, 0, 1, 0], [1.0, 0, 0, 0]))
    third = 1 / 3
    expected = outputs(model.generator, model.critic, rows([0.0, 0, 1], [1.0, 0, 0], [third, third, third]))
    torch.testing.assert_close(pictures, expected[0])
    torch.testing.assert_close(logits, expected[1])


def test_a_run_without_classes_begins_with_the_mean_class():
    model, generator, _ = begun(LITTLE, dataclasses.replace(LITTLE, classes=()))
    with torch.no_grad():
        z = torch.randn(2, LITTLE.z_dim)
        torch.testing.assert_close(generator(z), model.generator(z, torch.full((2, 3), 1 / 3)))


def test_a_model_without_classes_gives_all_it_has_to_a_run_with_them():
    model, generator, critic = begun(dataclasses.replace(LITTLE, classes=()), LITTLE)
    z = torch.randn(2, LITTLE.z_dim)
    with torch.no_grad():
        torch.testing.assert_close(generator(z, torch.zeros(2, 3)), model.generator(z))
        assert not torch.allclose(generator(z, rows([1.0, 0, 0], [0.0, 1, 0])), model.generator(z))
        assert critic.embed.weight.any()


def test_groups_of_classes_add_up_to_the_mean_picture():
    groups = (ClassGroup("place", 1), ClassGroup("animal", 2, 2))
    model, generator, _ = begun(LITTLE, dataclasses.replace(LITTLE, classes=("x", "y", "z"), class_groups=groups))
    with torch.no_grad():
        z = torch.randn(1, LITTLE.z_dim)
        torch.testing.assert_close(generator(z, rows([1.0, 1, 0])), model.generator(z, torch.full((1, 3), 1 / 3)))


@pytest.mark.parametrize("classes", [("a", "b", "c"), ("a", "x")])
def test_spectral_norms_are_right_from_the_first_step(classes):
    config = dataclasses.replace(LITTLE, critic_norm="spectral")
    _, _, critic = begun(config, dataclasses.replace(config, classes=classes))
    for layer in (critic.dense, critic.embed):
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 32}, "dense.weight is 1568 x 8, and this run's is 3136 x 8; it fits a run with --width 16"),
        ({"z_dim": 9}, "dense.weight is 1568 x 8, and this run's is 1568 x 9; it fits a run with --z-dim 8"),
        ({"resolution": 32, "width": 32}, "--resolution 28 and --width 16"),
        ({"channels": 3}, "to_picture.weight is 1 x 8 x 3 x 3, and this .* 3 x 8 x 3 x 3; it fits a run with grey"),
        ({"network": "dcgan"}, "it fits a run with --network resnet"),
        ({"critic_norm": "spectral"}, "is absent, and this run's is .*; it fits a run with --critic-norm none"),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_told_by_layer_with_what_would_and_nothing_is_loaded(changes, words):
    config, none = dataclasses.replace(LITTLE, **changes), torch.empty(0, 8)
    model = Model("old", LITTLE, *pair(LITTLE, 1), without_names(none, none))
    generator, critic = pair(config, 2)
    before = [{k: v.clone() for k, v in network.state_dict().items()} for network in (generator, critic)]
    with pytest.raises(ConfigError, match=f"init: old does not fit: its layer .*{words}"):
        begin_with(model, config, generator, critic)
    for network, state in zip((generator, critic), before, strict=True):
        assert_same(dict(network.state_dict()), state)


def test_first_layers_are_counted_from_the_picture_and_one_is_left():
    _, critic = pair(LITTLE, 0)
    assert [p is q for p, q in zip(first_layers(critic, 1), critic.from_picture.parameters(), strict=True)] == [
        True
    ] * 2
    with pytest.raises(ConfigError, match="freeze_critic must be at most 11 for this critic, got 12"):
        first_layers(critic, 12)
    with pytest.raises(ConfigError, match="set init too, or freeze_critic to 0"):
        next(loop.train(small(freeze_critic=1), None))


@pytest.fixture
def model_folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "model", ignore=shutil.ignore_patterns("checkpoint*", "log*"))


def test_a_run_from_a_model_keeps_frozen_layers_and_resumes_bit_for_bit_without_it(model_folder, tmp_path, read_once):
    config = small(images=48, init=str(model_folder), freeze_critic=2, clip=0.01, penalty="none", loss="wgan")
    critic = load(model_folder, "cpu").critic.state_dict()
    train_parts(tmp_path / "whole", config, ())
    list(loop.train(config, tmp_path / "parts", control=stop_after(1)))
    shutil.rmtree(model_folder)
    list(loop.train(config, tmp_path / "parts", resume=True))
    whole = read_state(tmp_path / "whole")
    assert_same(read_state(tmp_path / "parts"), whole)
    same = [torch.equal(whole[f"critic.{name}.weight"], critic[f"{name}.weight"]) for name in
            ("from_picture", "reduce.project", "stages.0.0.conv1")]  # fmt: skip
    assert same == [True, True, False]
    card = (tmp_path / "whole" / "README.md").read_text()
    assert "from the weights of `model` on" in card and "--init model" in card and str(tmp_path) not in card


def test_it_begins_where_the_model_was(model_folder, read_once):
    config = small(images=16, init=str(model_folder), learning_rate=1e-7)
    asked = []
    events = loop.train(config, None, find_model=lambda name: asked.append(name) or load(name, "cpu"))
    next(events)
    assert asked == [str(model_folder)]
    trainer = events.gi_frame.f_locals["trainer"]
    for name, network in trainer.named_networks.items():
        own = getattr(load(model_folder, "cpu"), "critic" if name == "critic" else "generator")
        assert_same(dict(network.state_dict()), dict(own.state_dict()))
    events.close()


def test_the_command_takes_the_models_shapes_unless_told_otherwise(model_folder, tmp_path):
    def settings(*flags):
        return train_flags.run_settings(train_flags.parser().parse_args(["--out", str(tmp_path / "run"), *flags]))[0]

    config = settings("--init", str(model_folder), "--dataset", "mnist-10k")
    assert (config.init, config.width, config.resolution) == (str(model_folder), 16, 28)
    assert settings("--init", str(model_folder), "--width", "32").width == 32
    assert settings().init == "" and settings().width == 64


def test_an_init_that_is_no_model_is_refused_before_anything_is_written(model_folder, tmp_path, capsys):
    out = ["--out", str(tmp_path / "run")]
    assert "no such folder; a model on the Hub is hub:USER/NAME" in refused(capsys, "--init", str(tmp_path / "x"), *out)
    assert "config.json" in refused(capsys, "--init", str(tmp_path), *out)
    assert "a repository is USER/NAME" in refused(capsys, "--init", "hub:x", *out)
    config = json.loads((model_folder / "config.json").read_text())
    (model_folder / "config.json").write_text(json.dumps(config | {"z_dim": 99}))
    with pytest.raises(FolderError, match=r"safetensors: tensor .* has shape"):
        train_flags.find_model(str(model_folder))
    assert not (tmp_path / "run").exists()


def test_a_model_on_the_hub_is_named_by_its_commit(hub, model_folder, tmp_path, capsys):
    from gan.hub.push import push

    push(model_folder, tmp_path / "copy", "alice/digits")
    args = train_flags.parser().parse_args(["--init", "hub:alice/digits", "--out", str(tmp_path / "run")])
    pins = train_flags.pins(args)
    vars(args).update(pins)
    repo = hub.model("alice/digits")
    changed = json.loads(repo.files["config.json"]) | {"z_dim": 50}
    repo.commit({**repo.files, "config.json": json.dumps(changed).encode()}, "changed meanwhile")
    config, _, _ = train_flags.run_settings(args)
    assert config.z_dim == 100 and config.init == pins["init"]
    repo, commit = config.init.split("@")
    assert repo == "hub:alice/digits" and len(commit) == 40
    assert train_flags.find_model(config.init).name == "alice/digits"
    assert "hub:alice/nothing" not in refused(capsys, "--init", "hub:alice/nothing", "--out", str(tmp_path / "run"))
