"""Runs that teach the latent a data set's attributes: what each player is given, what is refused, and a resumed run."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from conftest import assert_same

from gan import networks
from gan.config import Config
from gan.data.attribute_codes import AttributeCodes
from gan.data.dataset import Dataset
from gan.data.seeded import Choice, Range
from gan.errors import ConfigError
from gan.models.directions import without_names
from gan.models.model import Model
from gan.training.batches import Batches
from gan.training.distributed import ProcessGroup
from gan.training.rng import step_generator
from gan.training.start import begin_with
from gan.training.step import critic_step, generator_step
from gan.training.trainer import Trainer
from gan.training.validation import prepare

COUNT = 24
TABLE = {"tall": Range(0, 99, "any"), "hat": Choice(("none", "cap", "crown"), (2, 1, 1))}
SMALL = Config(
    dataset="dots", attributes=True, width=16, z_dim=6, batch_size=8, precision="fp32", ema_images=100, device="cpu",
    images=32,
)  # fmt: skip


def dots(codes: bool = True) -> Dataset:
    source = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (COUNT, 1, 28, 28), dtype=torch.uint8, generator=source)
    values = {"tall": torch.arange(COUNT).numpy() * 4, "hat": (torch.arange(COUNT) % 3).numpy()}
    known = AttributeCodes(TABLE, values) if codes else None
    return Dataset("dots", images, torch.arange(COUNT) % 2, ("even", "odd"), codes=known)


def prepared(**settings):
    return prepare(dataclasses.replace(SMALL, **settings), dataset=dots())


def drawn(step: int = 0, processes: ProcessGroup | None = None, pictures_of=None, shown: int = 0, **settings):
    config, data = prepared(**settings)
    batches = Batches(config, data, torch.device("cpu"), processes or ProcessGroup())
    return batches, batches.draw(config, (), step_generator(0, step), shown, pictures_of)


def test_the_critic_is_told_the_attributes_of_the_real_pictures_and_the_latent_stands_for_them():
    batches, (batch,) = drawn()
    _, (plain,) = drawn(attributes=False)
    which = torch.tensor(
        [int((batches.decode(torch.arange(COUNT)) == real).flatten(1).all(1).nonzero()) for real in batch.real]
    )
    assert torch.equal(batch.numbers, which)
    assert torch.equal(batch.conditions, dots().codes.condition(which))
    assert batch.z.shape == (8, 6) and torch.equal(batch.z[:, 4:], plain.z[:, 4:]) and plain.conditions is None
    tall = torch.distributions.Normal(0, 1).cdf(batch.z[:, 0].double()) * 100
    assert torch.equal(tall.floor().long(), which * 4)
    assert torch.equal(batch.z[:, 1] > 0, which % 3 > 0)
    players = Trainer(*prepared()).players
    (match,) = players.game.matches(players, batch)
    assert torch.equal(match.y, torch.cat([batch.conditions, batch.y], 1))


def test_the_generators_step_has_the_same_pictures_and_attributes_and_other_latents():
    batches, parts = drawn()
    _, (again,) = drawn(step=1, pictures_of=parts, shown=8)
    assert again.real is parts[0].real and torch.equal(again.conditions, parts[0].conditions)
    assert torch.equal(again.z[:, 1] > 0, parts[0].z[:, 1] > 0) and not torch.equal(again.z, parts[0].z)


def test_parts_and_processes_are_given_what_the_whole_batch_is():
    _, (whole,) = drawn()
    for shares in (
        drawn(accumulate=4)[1],
        [drawn(processes=ProcessGroup(rank, 2))[1][0] for rank in (0, 1)],
    ):
        for name in ("real", "z", "y", "conditions"):
            assert torch.equal(torch.cat([getattr(share, name) for share in shares]), getattr(whole, name)), name


READERS = [name for name, pair in networks.NETWORKS.items() if pair.reads_conditions]


@pytest.mark.parametrize("network", READERS)
def test_the_critic_reads_attributes_of_real_pictures_and_the_generator_has_its_own_read(network):
    trainer = Trainer(*prepared(network=network, attribute_weight=2.0))
    (batch,) = trainer._draw(step_generator(0, 0))
    p, reading = trainer.players, trainer.critic.reading.weight
    (match,), misread = p.game.play(p, batch)
    wanted = torch.cat([batch.conditions, 2.5 * batch.y], 1)
    want = 2 * (trainer.critic.read(match.fake) - wanted).square().mean()
    assert torch.equal(misread, want) and misread.requires_grad
    before = reading.detach().clone()
    generator_step(p, [batch])
    assert torch.equal(reading, before), "it is not the generator's to choose what a smile looks like"
    (match,) = p.game.matches(p, batch)
    assert torch.equal(match.besides(), 2 * (trainer.critic.read(batch.real) - wanted).square().mean())
    critic_step(p, [batch], 1.0)
    assert not torch.equal(reading, before)
    (plain,), nothing = Trainer(*prepared(network=network)).players.game.play(p, batch)
    assert plain.besides is None and nothing is None


@pytest.mark.parametrize("network", READERS)
def test_attributes_are_read_better_and_better(network):
    trainer = Trainer(*prepared(network=network, attribute_weight=10.0, learning_rate=2e-3, images=4_000))
    (batch,) = trainer._draw(step_generator(0, 0))
    misread = [trainer.players.game.play(trainer.players, batch)[1].item()]
    for _ in range(100):
        trainer.advance()
    misread.append(trainer.players.game.play(trainer.players, batch)[1].item())
    assert misread[1] < 0.75 * misread[0]


@pytest.mark.parametrize("network", READERS)
def test_a_resumed_run_is_the_uninterrupted_one_and_conditions_move_both_players(network, tmp_path):
    config, data = prepared(network=network)
    assert config.conditions == 4
    whole, first = Trainer(config, data), Trainer(config, data)
    for _ in range(3):
        whole.advance()
    first.advance()
    first.save(tmp_path)
    second = Trainer(config, data)
    second.restore(tmp_path)
    for _ in range(2):
        second.advance()
    assert_same(second.tensors(), whole.tensors())
    assert whole.critic.embed.weight.shape == (32, 6)
    before = Trainer(config, data).critic.embed.weight
    assert ((whole.critic.embed.weight - before).abs().sum(0) > 0).all(), "each condition is learnt from"
    (batch,) = whole._draw(step_generator(0, 9))
    lengths = {
        float(generator_step(whole.players, [batch._replace(conditions=conditions)]).generator_loss)
        for conditions in (batch.conditions, batch.conditions.flip(0))
    }
    assert len(lengths) == 2


def test_a_critic_that_is_told_nothing_judges_as_if_conditions_were_average():
    config, _ = prepared()
    torch.manual_seed(0)
    _, critic = networks.build(config)
    x, y = torch.randn(3, 1, 28, 28), torch.eye(2)[[0, 1, 0]]
    with torch.no_grad():
        torch.testing.assert_close(critic(x, y), critic(x, torch.cat([torch.zeros(3, 4), y], 1)))
        assert not torch.allclose(critic(x, y), critic(x, torch.cat([torch.ones(3, 4), y], 1)))


def test_a_run_begins_as_a_model_without_attributes_whose_network_it_extends():
    config, _ = prepared(network="modulated")
    old = dataclasses.replace(config, network="resnet", attributes=False, conditions=0, classes=("odd", "even"))
    torch.manual_seed(1)
    pair = networks.build(old)
    for network in pair:
        for parameter in network.parameters():
            parameter.data.normal_(0, 0.1)
    none = without_names(torch.empty(0, 6), torch.empty(0))
    model = Model("old", old, *pair, none)
    generator, critic = networks.build(config)
    begin_with(model, config, generator, critic)
    x, z, y = torch.randn(3, 1, 28, 28), torch.randn(3, 6), torch.eye(2)[[0, 1, 0]]
    with torch.no_grad():
        torch.testing.assert_close(generator(z, y), model.generator(z, y.flip(1)))
        torch.testing.assert_close(critic(x, y), model.critic(x, y.flip(1)))
    reading, _ = prepared(network="modulated", attribute_weight=1.0)
    pair = networks.build(reading)
    reads = Model("reads", reading, *pair, none)
    for before, after in ((model, reading), (reads, config), (reads, reading)):
        again = networks.build(after)
        begin_with(before, after, *again)
        assert torch.equal(again[1].dense.weight, before.critic.dense.weight)
    backwards = Model("new", config, generator, critic, none)
    with pytest.raises(
        ConfigError, match="its layer .* and this run's is absent; it fits a run with --network modulated"
    ):
        begin_with(backwards, old, *networks.build(old))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"network": "dcgan"}, "attributes are told to critics of generators: set network to resnet or modulated"),
        ({"mirror": True}, "mirror turns a picture and not its attributes"),
        ({"attributes": False, "attribute_weight": 1.0}, "attribute_weight is of attributes: set attributes too"),
        ({"z_dim": 3}, "z_dim must be at least 4 for the attributes of dots, got 3"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_the_cure(settings, words):
    with pytest.raises(ConfigError, match=words):
        prepared(**settings)


def test_a_data_set_without_attributes_is_refused_by_name():
    with pytest.raises(
        ConfigError, match="attributes are not known of dots: leave it out, or train on faces or scenes"
    ):
        prepare(SMALL, dataset=dots(codes=False))
