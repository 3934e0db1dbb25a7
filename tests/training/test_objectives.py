"""`gan.training.objectives`: each against the same arithmetic spelt out, and one step of it with every loss."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from conftest import translation
from step_players import sgd
from torch import Tensor, nn

from gan.config import Config
from gan.networks import TRANSLATORS, build
from gan.training.losses import LOSSES, Relativistic
from gan.training.objectives import OBJECTIVES, TEMPERATURE, Contrastive, Cycle, Paired, Reading, Removal
from gan.training.penalties import PENALTIES
from gan.training.step import Batch, Players, critic_step, generator_step

OFF = torch.autocast("cpu", torch.bfloat16, enabled=False)


class Adders(nn.Module):
    """Translators that add .25 towards b and take .1 away towards a."""

    def __init__(self) -> None:
        super().__init__()
        self.change = nn.ParameterDict({"b": nn.Parameter(torch.tensor(0.25)), "a": nn.Parameter(torch.tensor(-0.1))})

    def forward(self, x: Tensor, to: str, y: Tensor | None = None) -> Tensor:
        return x + self.change[to]


class Sums(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor, side: str, y: Tensor | None = None) -> Tensor:
        return x.flatten(1).sum(1) * self.weight * (1 if side == "b" else 10)


def players_of(objective, generator: nn.Module, critic: nn.Module, loss: str = "relativistic") -> Players:
    penalty = PENALTIES["none" if loss == "wgan" else "r1"]
    return Players(generator, critic, sgd(generator), sgd(critic), LOSSES[loss](), penalty, OFF, game=objective)


def batch(noise: Tensor | None = None, shape: tuple[int, ...] = (3, 3, 8, 8)) -> Batch:
    source = torch.Generator().manual_seed(1)
    a, b = (torch.rand(shape, generator=source) - 0.5 for _ in range(2))
    return Batch(b, None, a, torch.zeros(len(a)), torch.zeros(2, len(a), 0), noise)


def test_cycle_is_both_ways_back_identity_and_change():
    config = translation(content=3.0, identity=5.0, change=7.0)
    game = Cycle(config)
    p = players_of(game, Adders(), Sums())
    given = batch()
    matches, content = game.play(p, given)
    # There and back moves every pixel by .25 - .1; what should stay moves by .25 and .1, and so do the changes.
    torch.testing.assert_close(content, torch.tensor(3 * 0.3 + 5 * 0.35 + 7 * 0.35))
    (of_b, of_a) = matches
    torch.testing.assert_close(of_b.fake, given.z + 0.25)
    torch.testing.assert_close(of_a.fake, given.real - 0.1)
    assert torch.equal(of_b.real, given.real) and torch.equal(of_a.real, given.z)
    assert torch.equal(of_a.critic(given.z, None), 10 * of_b.critic(given.z, None))
    assert all(torch.equal(m.fake, n.fake) for m, n in zip(game.matches(p, given), matches, strict=True))


def test_removal_is_a_cycle_of_which_only_pictures_of_b_come_back():
    class Shrinkers(Adders):
        """Translators that halve towards b and add a tenth towards a."""

        def forward(self, x: Tensor, to: str, y: Tensor | None = None) -> Tensor:
            return x * 2 * self.change["b"] if to == "b" else x - self.change["a"]

    config = translation(content=3.0, identity=0.0, change=7.0)
    given = batch()
    both, one = ((game := cls(config)).play(players_of(game, Shrinkers(), Sums()), given) for cls in (Cycle, Removal))
    a, b = given.z, given.real
    changed = 7 * ((a / 2).abs().mean() + 0.1)
    torch.testing.assert_close(one[1], 3 * (b / 2 - 0.05).abs().mean() + changed)
    torch.testing.assert_close(both[1], one[1] + 3 * (a / 2 - 0.1).abs().mean())
    assert all(torch.equal(m.fake, n.fake) for m, n in zip(both[0], one[0], strict=True))


def test_noise_on_the_way_back_is_in_levels_of_255():
    game = Cycle(translation(content=1.0, identity=0.0, cycle_noise=51.0))
    ones = torch.ones(2, 3, 3, 8, 8)
    _, content = game.play(players_of(game, Adders(), Sums()), batch(ones))
    torch.testing.assert_close(content, torch.tensor(2 * (0.15 + 0.4)))


def test_paired_is_the_distance_to_the_other_one_and_a_critic_of_both():
    game, given = Paired(translation(content=2.0, identity=0.0)), batch()
    p = players_of(game, Adders(), Sums())
    ((critic, real, fake, y, _),), content = game.play(p, given)
    torch.testing.assert_close(content, 2 * (given.z + 0.25 - given.real).abs().mean())
    assert y is None and torch.equal(real, torch.cat([given.z, given.real], 1))
    torch.testing.assert_close(fake, torch.cat([given.z, given.z + 0.25], 1))


def test_some_places_of_a_pair_count_more():
    game, given = Paired(translation(content=2.0, identity=0.0)), batch()
    emphasis = torch.randint(1, 9, (3, 1, 8, 8), generator=torch.Generator().manual_seed(2))
    _, content = game.play(players_of(game, Adders(), Sums()), given._replace(emphasis=emphasis.to(torch.uint8)))
    apart = (given.z + 0.25 - given.real).abs()
    torch.testing.assert_close(content, 2 * (apart * emphasis).sum() / apart.numel())


def test_what_is_read_of_a_pair_is_its_translation_alone():
    class Readers(Sums):
        """Reads the mean of each channel."""

        def read(self, x: Tensor) -> Tensor:
            return x.mean((2, 3))

    game, given = Reading(Paired(translation(content=0.0, identity=0.0)), 3.0), batch()
    wished = torch.full((3, 3), 0.5)
    _, content = game.play(players_of(game, Adders(), Readers()), given._replace(wished=wished))
    torch.testing.assert_close(content, 3 * ((given.z + 0.25).mean((2, 3)) - 0.5).square().mean())


def test_contrast_is_cross_entropy_of_finding_the_same_place():
    class Places(nn.Module):
        """One map, whose places are its pixels' colours."""

        def forward(self, x: Tensor, to: str, y: Tensor | None = None) -> Tensor:
            return x

        def embed(self, x: Tensor, y: Tensor | None = None) -> list[Tensor]:
            return [nn.functional.normalize(x.flatten(2).transpose(1, 2), dim=2)]

    game, given = Contrastive(translation(content=2.0, identity=0.0)), batch(shape=(2, 3, 2, 2))
    _, content = game.play(Players(Places(), Sums(), None, None, Relativistic(), None, OFF, game=game), given)
    expected = 0.0
    for places in Places().embed(given.z)[0]:
        for i in range(4):
            scores = [float(places[i] @ places[j]) / TEMPERATURE for j in range(4)]
            expected += math.log(sum(map(math.exp, scores))) - scores[i]
    torch.testing.assert_close(content, torch.tensor(2 * expected / 8))


def test_contrast_gives_its_keys_no_gradient():
    built = build(
        Config(task="translate", network="unet", network_parts=("heads",), resolution=32, channels=3, width=16)
    )
    game = Contrastive(translation(content=1.0, identity=0.0))
    given = batch(shape=(2, 3, 32, 32))
    p = players_of(game, *built)
    nn.init.normal_(built[0].towards["b"].to_change.weight, std=0.1)
    wanted = [key.detach() for key in built[0].embed(given.z)]
    _, content = game.play(p, given)
    assert content.isfinite() and 0 < content < math.log(256) + 5
    content.backward()
    # The same with keys that are constants.
    ours = [q.grad.clone() for q in built[0].parameters() if q.grad is not None]
    built[0].zero_grad()
    terms = []
    for query, key in zip(built[0].embed(built[0](given.z, "b")), wanted, strict=True):
        scores = (query @ key.transpose(1, 2) / TEMPERATURE).flatten(0, 1)
        terms.append(nn.functional.cross_entropy(scores, torch.arange(len(key[0])).repeat(2)))
    torch.stack(terms).mean().backward()
    again = [q.grad for q in built[0].parameters() if q.grad is not None]
    for x, y in zip(ours, again, strict=True):
        torch.testing.assert_close(x, y, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("network", TRANSLATORS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_takes_a_step_with_every_loss(objective, network):
    torch.manual_seed(0)
    cls = OBJECTIVES[objective]
    config = Config(
        task="translate", network=network, network_parts=cls.parts, resolution=28, channels=1, width=16,
        objective=objective,
    )  # fmt: skip
    built = build(config)
    for loss in LOSSES:
        generator, critic = copy.deepcopy(built)
        p = players_of(cls(config), generator, critic, loss)
        given = batch(torch.randn(2, 2, 1, 28, 28), (2, 1, 28, 28))
        results = [*critic_step(p, [given], 0.5), *generator_step(p, [given])]
        assert all(v.ndim == 0 and v.isfinite() and not v.requires_grad for v in results), loss
        for module, old in zip((generator, critic), built, strict=True):
            before = old.state_dict()
            assert any(not torch.equal(v, before[k]) for k, v in module.state_dict().items()), loss


def test_both_critics_move_as_if_each_played_alone():
    """The step of two critics is that of each with its own match: neither sees the other's pictures."""
    config = translation(network_parts=("back",), resolution=28, channels=3, width=16)
    torch.manual_seed(0)
    generator, critic = build(config)
    given, alone = batch(shape=(2, 3, 28, 28)), copy.deepcopy(critic)

    class OnlyB(Cycle):
        def matches(self, p, batch):
            return super().matches(p, batch)[:1]

    critic_step(players_of(Cycle(config), generator, critic), [given], 1.0)
    critic_step(players_of(OnlyB(config), generator, alone), [given], 1.0)
    for side, equal in (("b", True), ("a", False)):
        pairs = zip(critic.of[side].parameters(), alone.of[side].parameters(), strict=True)
        assert all(torch.equal(x, y) for x, y in pairs) == equal
