"""`gan.networks.unet`, `palette`, `patches`, `cyclegan` and `translation`: the networks of a translator."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import nn

from gan.config import RESOLUTIONS, Config
from gan.errors import ConfigError
from gan.networks import TRANSLATORS, build
from gan.networks.palette import colours_of

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


def config(network: str = "unet", parts: tuple[str, ...] = (), **changes) -> Config:
    values = {"resolution": 32, "channels": 3, "width": 16, **changes}
    return Config(task="translate", network=network, network_parts=parts, **values)


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_a_translator_starts_as_the_identity_and_has_no_normalisation(subtests):
    for resolution, channels in product(RESOLUTIONS, [1, 3]):
        with subtests.test(resolution=resolution, channels=channels):
            translators, critics = build(config(parts=("back",), resolution=resolution, channels=channels))
            x = torch.rand(2, channels, resolution, resolution) * 2 - 1
            assert torch.equal(translators(x, "b"), x) and torch.equal(translators(x, "a"), x)
            assert critics(x, "b").shape == critics(x, "a").shape == (2,)
            assert not [m for m in translators.modules() if isinstance(m, NORMS)]


def test_a_direction_has_210_000_weights_at_32_pixels_and_the_peer_as_many():
    sizes = {n: [count(m) for m in build(config(n, width=64))] for n in TRANSLATORS}
    assert sizes["unet"][0] == sizes["unet-patches"][0] == 210_707
    for mine, peer in zip(sizes["unet"], sizes["cyclegan"], strict=True):
        assert abs(peer / mine - 1) < 0.1


HAIR, SKIN = (tuple(f"{thing} {channel}" for channel in ("red", "green", "blue")) for thing in ("hair", "skin"))


def test_colours_are_three_conditions_of_one_thing_in_a_row():
    for classes, expected in (
        ((), []),
        (HAIR, [0]),
        (("age", *HAIR, *SKIN), [1, 4]),
        (HAIR[:2], []),
        ((*HAIR[:2], "skin blue"), []),
        (HAIR[::-1], []),
    ):
        assert colours_of(config("unet-palette", classes=classes)) == expected
    assert colours_of(config("unet-palette", classes=HAIR, channels=1)) == []


def test_a_palette_starts_as_the_identity_and_paints_what_it_is_told_where_it_says_so():
    torch.manual_seed(0)
    translators, _ = build(config("unet-palette", classes=("age", *HAIR, *SKIN)))
    x, y = torch.rand(2, 3, 32, 32) * 2 - 1, torch.rand(2, 7)
    assert torch.equal(translators(x, "b", y), x)
    one = translators.towards["b"]
    one.to_mix.bias.data[:3] = torch.tensor([0.25, 0.375, 0.125])
    one.colours.data.clamp_(-0.5, 0.5)
    hair, skin = (2 * y[:, at : at + 3, None, None] - 1 for at in (1, 4))
    expected = 0.25 * x + 0.25 * hair + 0.375 * skin + 0.125 * one.colours[0].view(1, 3, 1, 1)
    assert torch.allclose(translators(x, "b", y), expected, atol=1e-6)


def test_a_palette_without_colours_is_a_plain_u_net():
    plain, palette = (build(config(network, classes=("age",)))[0] for network in ("unet", "unet-palette"))
    assert set(plain.state_dict()) == set(palette.state_dict())


def test_colours_are_borrowed_from_where_a_map_points_to():
    torch.manual_seed(0)
    translators, _ = build(config("unet-borrowed"))
    one = translators.towards["b"]
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    assert torch.equal(translators(x), x)  # starts as the identity
    one.to_mix.bias.data[0] = 0.25
    one.to_mix.bias.data[-1] = 0.5
    one.colours.data.clamp_(-0.5, 0.5)
    own = one.colours[-1].view(1, 3, 1, 1)
    one.to_places.weight.data.zero_()  # points nowhere: the mean of all places
    mean = x.mean((2, 3), keepdim=True)
    assert torch.allclose(translators(x), 0.25 * x + 0.25 * mean + 0.5 * own, atol=1e-5)
    brightest = torch.zeros(2, 8, 32, 32)
    brightest[0, 0, 3, 4] = brightest[1, 0, 30, 20] = 1e4
    one.to_places.register_forward_hook(lambda *_: brightest)
    found = torch.stack([x[0, :, 3, 4], x[1, :, 30, 20]])[:, :, None, None]
    assert torch.allclose(translators(x), 0.25 * x + 0.25 * found + 0.5 * own, atol=1e-5)


def test_insight_begins_by_adding_nothing_and_then_adds_to_the_smallest_map_of_the_way_to_b():
    torch.manual_seed(0)
    translators, _ = build(config("unet-informed", ("back",), classes=("age",)))
    one = translators.towards["b"]
    assert not hasattr(translators.towards["a"], "insight")
    x, y = torch.rand(2, 3, 32, 32) * 2 - 1, torch.tensor([[0.0], [1.0]])
    before = one.maps(x, y)
    nn.init.normal_(one.from_insight.weight)
    one.insight.answer.bias.data[2] = 20.0  # it is sure
    *others, smallest = one.maps(x, y)
    assert all(torch.equal(own, theirs) for own, theirs in zip(others, before[:-1], strict=True))
    told = torch.cat([x, (2 * y - 1)[:, :, None, None].expand(-1, -1, 32, 32)], 1)
    change = 16 * one.from_insight.weight[:, 2].view(1, -1, 1, 1)
    assert one.insight(told).argmax(1).tolist() == [2, 2]
    assert torch.allclose(smallest - before[-1], change.expand_as(smallest), atol=1e-3)


@pytest.mark.parametrize("resolution", [28, 32])
def test_a_critic_of_patches_judges_each_by_itself(resolution):
    torch.manual_seed(0)
    _, critic = build(config("unet-patches", resolution=resolution, width=64))
    for p in critic.parameters():
        if not p.any():
            nn.init.normal_(p, std=0.05)
    x = torch.rand(1, 3, resolution, resolution).expand(4, -1, -1, -1).clone()
    x[[1, 3], :, :3, :3] = 1.0  # two corners, each alone and both
    x[[2, 3], :, -3:, -3:] = -1.0
    none, first, second, both = critic(x).double().tolist()
    assert both - none == pytest.approx(first - none + second - none, abs=1e-5)
    assert min(abs(first - none), abs(second - none)) > 1e-4


@pytest.mark.parametrize("network", TRANSLATORS)
def test_parts_are_what_an_objective_asks_for(network):
    x = torch.rand(2, 3, 32, 32)
    one, judge = build(config(network))
    both, judges = build(config(network, ("back",)))
    assert count(both) == count(one) + count(both.towards["a"]) and count(judges) == 2 * count(judge)
    with pytest.raises(KeyError):
        one(x, "a")
    _, of_pairs = build(config(network, ("pairs",)))
    assert of_pairs(torch.cat([x, x], 1)).shape == judge(x).shape
    embedded = build(config(network, ("heads",)))[0].embed(x)
    assert [e.shape for e in embedded] == [(2, 256, 64), (2, 64, 64)]
    for e in embedded:
        torch.testing.assert_close(e.norm(dim=2), torch.ones(e.shape[:2]))


@pytest.mark.parametrize("network", TRANSLATORS)
def test_every_weight_gets_a_gradient_and_pictures_do_not_depend_on_their_batch(network):
    torch.manual_seed(0)
    translators, critics = build(config(network, ("back",)))
    for p in (*translators.parameters(), *critics.parameters()):
        if not p.any():
            nn.init.normal_(p, std=0.05)
    x = torch.rand(3, 3, 32, 32) * 2 - 1
    made = {side: translators(x, side) for side in ("a", "b")}
    torch.testing.assert_close(made["b"][:1], translators(x[:1], "b"), atol=1e-5, rtol=1e-4)
    sum(critics(picture, side).square().sum() for side, picture in made.items()).backward()
    before_norm = {  # a bias that instance normalisation takes away again
        f"{name}.{i}.bias"
        for module in (translators, critics)
        for name, layers in module.named_modules()
        if isinstance(layers, nn.Sequential)
        for i, layer in enumerate(layers[1:])
        if isinstance(layer, nn.InstanceNorm2d)
    }
    for module in (translators, critics):
        for name, p in module.named_parameters():
            if ".insight." in name:  # which a translation leaves as it was taught
                assert p.grad is None
                continue
            assert p.grad is not None and (p.grad.abs().sum() > 0 or name in before_norm), name


def test_translators_build_on_meta():
    for network, parts in product(TRANSLATORS, [("back",), ("heads",), ("pairs",)]):
        real = build(config(network, parts))
        with torch.device("meta"):
            shapes = build(config(network, parts))
        for module, empty in zip(real, shapes, strict=True):
            assert {k: v.shape for k, v in module.state_dict().items()} == {
                k: v.shape for k, v in empty.state_dict().items()
            }


def test_a_generator_is_no_network_for_a_translation_and_the_other_way_round():
    with pytest.raises(
        ConfigError,
        match=f"network must be one of {', '.join(TRANSLATORS)}, got 'resnet'",
    ):
        build(config("resnet"))
    with pytest.raises(ConfigError, match="network must be one of mlp, .*got 'unet'"):
        build(Config(network="unet", resolution=32, channels=3))
