"""`gan.training.start_translator`: a translation begins with the weights of a translator."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from conftest import assert_same, small, translation

from gan import networks
from gan.errors import ConfigError
from gan.models.translator import Translator
from gan.train_flags import parser, run_settings
from gan.training.loop import train
from gan.training.start_translator import begin_with_translator
from gan.training.validation import prepare


def pair(config, seed):
    torch.manual_seed(seed)
    both = networks.build(config)
    for parameter in (p for network in both for p in network.parameters()):  # some layers begin at zero
        torch.nn.init.normal_(parameter)
    return both


def settings(**changes):
    return prepare(translation(width=16, **changes))[0]


def begun(of, **changes):
    """Return a model with settings `of`, and a run's networks with its weights."""
    model = Translator("old", settings(**of), *pair(settings(**of), 1))
    config = settings(**changes)
    networks = pair(config, 2)
    before = [dict(network.state_dict()) for network in networks]
    begin_with_translator(model, config, *networks)
    return model, networks, before


@pytest.mark.parametrize("objective", ["cycle", "removal", "contrastive", "paired"])
def test_a_translator_of_the_same_objective_is_all_there(objective):
    model, (generator, critic), _ = begun({"objective": objective}, objective=objective)
    assert_same(dict(generator.state_dict()), dict(model.generator.state_dict()))
    assert_same(dict(critic.state_dict()), dict(model.critic.state_dict()))


def test_what_a_run_lacks_is_left_out_and_heads_that_a_model_lacks_begin_anew():
    model, (generator, critic), before = begun({"objective": "cycle"}, objective="contrastive")
    there, old = generator.state_dict(), model.generator.state_dict()
    heads = {name for name in there if name.startswith("heads.")}
    assert heads and not heads & set(old)
    for name, tensor in there.items():
        assert torch.equal(tensor, before[0][name] if name in heads else old[name])
    assert set(critic.state_dict()) < set(model.critic.state_dict())


@pytest.mark.parametrize(
    ("of", "changes", "words"),
    [
        ({"objective": "contrastive"}, {"objective": "cycle"}, "towards.a.* absent, .*--objective contrastive"),
        ({"objective": "paired"}, {"objective": "cycle"}, "it fits a run with --objective paired"),
        ({}, {"network": "cyclegan"}, "it fits a run with --network unet"),
        ({}, {"critic_norm": "spectral"}, "it fits a run with --critic-norm none"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_told_by_layer_with_what_would_and_nothing_is_loaded(of, changes, words):
    model, config = Translator("old", settings(**of), *pair(settings(**of), 1)), settings(**changes)
    fresh = pair(config, 2)
    before = [{name: tensor.clone() for name, tensor in network.state_dict().items()} for network in fresh]
    with pytest.raises(ConfigError, match=f"init: old does not fit: its layer .*{words}"):
        begin_with_translator(model, config, *fresh)
    for network, state in zip(fresh, before, strict=True):
        assert_same(dict(network.state_dict()), state)


def test_a_network_that_extends_the_models_begins_with_what_it_has_besides_as_it_was_made():
    model, (generator, critic), before = begun({"network": "unet-borrowed"}, network="unet-informed")
    there, old = generator.state_dict(), model.generator.state_dict()
    own = {name for name in there if "insight" in name}
    assert own and set(there) - set(old) == own
    for name, tensor in there.items():
        assert torch.equal(tensor, before[0][name] if name in own else old[name])
    assert_same(dict(critic.state_dict()), dict(model.critic.state_dict()))
    with pytest.raises(ConfigError, match="it fits a run with --network unet$"):
        begun({}, network="unet-informed")
    with pytest.raises(ConfigError, match="layers that this run's lacks; it fits a run with --network unet-informed$"):
        begun({"network": "unet-informed"}, network="unet-borrowed")


def test_other_conditions_and_channels_do_not_fit():
    told = dataclasses.replace(settings(), classes=("red", "green"))
    for of, changes, words in ((told, settings(), "2 conditions"), (settings(), told, "no conditions")):
        with pytest.raises(ConfigError, match=f"it fits a run with {words}"):
            begin_with_translator(Translator("old", of, *pair(of, 1)), changes, *pair(changes, 2))
    grey = dataclasses.replace(settings(), channels=1)
    with pytest.raises(ConfigError, match="it fits a run with two sets that are grey"):
        begin_with_translator(Translator("old", grey, *pair(grey, 1)), settings(), *pair(settings(), 2))


def test_a_run_begins_with_a_folder_and_goes_on_from_there(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    list(train(translation(images=8), first))
    config, _, _ = run_settings(
        parser().parse_args(["--task", "translate", "--pairs", "tiny", "--init", str(first), "--objective", "cycle"]),
        False,
    )
    assert (config.width, config.init) == (16, str(first))
    list(train(translation(images=8, init=str(first), learning_rate=1e-7), second))
    card = (second / "README.md").read_text()
    assert "from the weights of `first` on" in card
    with pytest.raises(ConfigError, match="init: first is no generator, and the run's task is generate: choose one"):
        list(train(small(init=str(first)), tmp_path / "third"))
    generator = tmp_path / "generator"
    list(train(small(images=8), generator))
    with pytest.raises(ConfigError, match="generator is no translator, and the run's task is translate: choose one"):
        list(train(translation(init=str(generator)), tmp_path / "fourth"))
