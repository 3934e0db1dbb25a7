"""`gan.networks.layers` and `gan.networks`: shapes, ranges, architecture, and a gradient for every parameter."""

from __future__ import annotations

import copy
import dataclasses
from itertools import product

import pytest
import torch
from torch import nn

from gan.config import LARGE_RESOLUTIONS, RESOLUTIONS, Config
from gan.data.dataset import Dataset
from gan.errors import ConfigError
from gan.networks import NETWORKS, POINT_NETWORKS, build
from gan.networks.layers import (
    GAIN,
    SLOPE,
    Downsample,
    Dropout,
    ResidualBlock,
    Upsample,
    concat_classes,
    init_normal_,
    iterate_spectral_norm,
    soft_clamp,
    spectral_norm_,
)
from gan.presets import PRESETS
from gan.training.losses import Relativistic
from gan.training.penalties import squared_gradient
from gan.training.trainer import Trainer

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)
CLASSES = ("a", "b", "c")


def config(network: str, resolution: int = 28, channels: int = 1, classes: tuple[str, ...] = CLASSES) -> Config:
    """A narrow config; classes only where the network reads them."""
    known = classes if NETWORKS[network].conditional else ()
    return Config(network=network, resolution=resolution, channels=channels, width=16, classes=known)


def pair(network: str, *args, **kwargs) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return build(config(network, *args, **kwargs))


def weights(n: int) -> torch.Tensor:
    """One-hot class weights (n, 3)."""
    return torch.eye(len(CLASSES))[torch.arange(n) % len(CLASSES)]


def loosen(*modules: nn.Module) -> None:
    """Give layers that start at zero a value, as training does."""
    for module in modules:
        for p in module.parameters():
            if not p.any():
                nn.init.normal_(p, std=0.1)


def layer_outputs(module: nn.Module, *given) -> list[torch.Tensor]:
    """Return what each layer computes for a module's input, flattened to (N, F)."""
    outputs = []
    hooks = [m.register_forward_hook(lambda m, _, out: outputs.append(out.flatten(1))) for m in module.modules()]
    module(*given)
    for hook in hooks:
        hook.remove()
    return outputs


def shapes(module: nn.Module) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in module.state_dict().items()}


def kinds(module: nn.Module, kind) -> list:
    return [m for m in module.modules() if isinstance(m, kind)]


def sizes(module: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in kinds(module, nn.Linear)]


def test_soft_clamp_is_the_identity_inside_and_nearly_flat_outside():
    x = torch.tensor([-3.0, -1.0, -0.3, 0.0, 0.9, 1.0, 21.0], requires_grad=True)
    y = soft_clamp(x)
    assert torch.allclose(y, torch.tensor([-1.1, -1.0, -0.3, 0.0, 0.9, 1.0, 2.0]))
    y.sum().backward()
    assert torch.allclose(x.grad[[0, 2, 3, 4, 6]], torch.tensor([0.05, 1.0, 1.0, 1.0, 0.05]))


def test_shapes_and_ranges(subtests):
    for network, channels, resolution in product(NETWORKS, [1, 3], RESOLUTIONS):
        with subtests.test(network=network, channels=channels, resolution=resolution):
            generator, critic = pair(network, resolution, channels)
            z, y = torch.randn(5, 100), weights(5)
            pictures = generator(z, y)
            assert pictures.shape == (5, channels, resolution, resolution)
            assert 0.02 < pictures.std() < 1.0 and pictures.abs().max() < 4
            logits = critic(pictures, y)
            assert logits.shape == (5,)
            assert logits.abs().max() < 20
            assert generator.features(z, y).ndim == 2


def test_large_pictures_take_a_step_and_are_for_networks_made_for_them():
    for name, resolution in product(NETWORKS, LARGE_RESOLUTIONS):
        if not NETWORKS[name].large:
            with pytest.raises(ConfigError, match=f"{name} draws pictures of up to 64 pixels.* set network to resnet"):
                pair(name, resolution)
            continue
        small = {"width": 16, "batch_size": 2, "device": "cpu", "precision": "fp32", "dataset": "noise", "channels": 3}
        images = torch.randint(0, 256, (4, 3, resolution, resolution), dtype=torch.uint8)
        noise = Dataset("noise", images, torch.zeros(4, dtype=torch.int64), ())
        trainer = Trainer(Config(**{**PRESETS[f"large-{resolution}"], **small}), noise)
        before = trainer.snapshot().tensors
        trainer.advance()
        after = trainer.snapshot().tensors
        assert trainer.average(torch.zeros(1, 100)).shape == (1, 3, resolution, resolution)
        for weight in ("generator.to_picture.weight", "generator.dense.weight", "critic.from_picture.weight"):
            assert not torch.equal(before[weight], after[weight]), weight


def test_classic_pictures_stay_within_one(subtests):
    for network in ["mlp", "dcgan"]:
        with subtests.test(network=network):
            generator, _ = pair(network, classes=())
            assert generator(100 * torch.randn(16, 100)).abs().max() <= 1


def test_every_picture_of_a_batch_differs_and_is_its_own(subtests):
    """In eval mode a row depends on its own latent and class only."""
    for network, resolution in product(NETWORKS, RESOLUTIONS):
        with subtests.test(network=network, resolution=resolution):
            generator, critic = (m.eval() for m in pair(network, resolution))
            loosen(generator, critic)
            z, y = torch.randn(4, 100), weights(4)
            together = generator(z, y)
            alone = torch.cat([generator(z[i : i + 1], y[i : i + 1]) for i in range(4)])
            torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
            assert (together[0] - together[3]).abs().max() > 1e-3
            scores = torch.cat([critic(together[i : i + 1], y[i : i + 1]) for i in range(4)])
            torch.testing.assert_close(critic(together, y), scores, atol=1e-5, rtol=1e-4)


def test_mlp_is_the_classic_one():
    generator, critic = pair("mlp")
    chain = (100, 128, 256, 512, 1024, 1024, 784)
    assert sizes(generator) == list(zip(chain, chain[1:], strict=False))
    assert sizes(critic) == [(784, 1024), (1024, 512), (512, 256), (256, 1)]
    assert [m.p for m in kinds(critic, nn.Dropout)] == [0.3] * 3
    assert not kinds(generator, nn.Conv2d)
    assert all(m.negative_slope == 0.2 for m in kinds(generator, nn.LeakyReLU))


def test_dcgan_is_the_classic_one(subtests):
    for resolution in RESOLUTIONS:
        with subtests.test(resolution=resolution):
            generator, critic = pair("dcgan", resolution, classes=())
            ups = kinds(generator, nn.ConvTranspose2d)
            assert [(m.in_channels, m.out_channels) for m in ups] == [(256, 128), (128, 64), (64, 1)]
            assert [m.stride for m in ups] == [(1, 1), (2, 2), (2, 2)]
            downs = kinds(critic, nn.Conv2d)
            assert [(m.in_channels, m.out_channels) for m in downs] == [(1, 64), (64, 128)]
            assert [m.stride for m in downs] == [(2, 2), (2, 2)]
            assert {m.kernel_size for m in ups + downs} == {(5, 5)}
            side = resolution // 4
            assert sizes(generator) == [(100, 256 * side * side)]
            assert sizes(critic) == [(128 * side * side, 1)]
            assert len(kinds(generator, NORMS)) == 3
            assert not kinds(critic, NORMS)
            assert [m.p for m in kinds(critic, nn.Dropout)] == [0.3, 0.3]


def test_resnet_has_no_normalisation_and_no_dropout(subtests):
    for resolution in RESOLUTIONS:
        with subtests.test(resolution=resolution):
            for module in pair("resnet", resolution):
                assert not kinds(module, (*NORMS, nn.Dropout))
                assert kinds(module, ResidualBlock)


def test_residual_blocks_start_as_the_identity():
    x = torch.randn(2, 16, 7, 7)
    for module in pair("resnet", 64):
        for block in kinds(module, ResidualBlock):
            assert not block.conv2.weight.any()
            assert block.conv1.weight.any()
    block = ResidualBlock(16)
    assert torch.equal(block(x), x)
    nn.init.normal_(block.conv2.weight)
    assert not torch.allclose(block(x), x)


def test_conditional_pair_reacts_to_the_class(subtests):
    for network in [n for n in NETWORKS if NETWORKS[n].conditional]:
        with subtests.test(network=network):
            generator, critic = (m.eval() for m in pair(network))
            z = torch.randn(1, 100).expand(3, -1)
            pictures = generator(z, torch.eye(3))
            x = pictures[:1].expand(3, -1, -1, -1)
            logits = critic(x, torch.eye(3))
            for a, b in ((0, 1), (1, 2), (0, 2)):
                assert (pictures[a] - pictures[b]).abs().max() > 1e-3
                assert (logits[a] - logits[b]).abs() > 1e-3


def test_critic_is_linear_in_the_class_weights(subtests):
    for network in [n for n in NETWORKS if NETWORKS[n].conditional]:
        with subtests.test(network=network):
            critic = pair(network)[1].eval()
            x = torch.rand(1, 1, 28, 28) * 2 - 1
            mean = torch.full((1, 3), 1 / 3)
            torch.testing.assert_close(critic(x, mean)[0], critic(x.expand(3, -1, -1, -1), torch.eye(3)).mean())


def test_conditional_pair_works_without_classes(subtests):
    for network in [n for n in NETWORKS if NETWORKS[n].conditional]:
        with subtests.test(network=network):
            generator, critic = pair(network, classes=())
            assert critic(generator(torch.randn(2, 100)), None).shape == (2,)


def test_unconditional_pair_ignores_the_class(subtests):
    for network in [n for n in NETWORKS if not NETWORKS[n].conditional]:
        with subtests.test(network=network):
            generator, critic = (m.eval() for m in pair(network))
            z = torch.randn(3, 100)
            assert torch.equal(generator(z, torch.eye(3)), generator(z))
            assert torch.equal(critic(generator(z), torch.eye(3)), critic(generator(z)))


def test_features_are_what_forward_computes_on_its_way(subtests):
    """features() is the output of an early layer, or its activation, and the latent and the class reach it."""
    for network, resolution in product(NETWORKS, RESOLUTIONS):
        with subtests.test(network=network, resolution=resolution):
            generator = pair(network, resolution)[0].eval()
            loosen(generator)
            z, y = torch.randn(3, 100), weights(3)
            outputs = layer_outputs(generator, z, y)
            features = generator.features(z, y)
            assert features.ndim == 2
            wanted = [o for o in outputs if o.shape == features.shape]
            assert any(torch.allclose(f, features) for o in wanted for f in (o, nn.functional.leaky_relu(o, SLOPE)))
            assert not torch.allclose(generator.features(2 * z, y), features)
            turned = generator.features(z, y.flip(1))
            assert torch.equal(turned, features) != NETWORKS[network].conditional


def test_features_are_the_first_layer_of_classic_pairs_and_the_first_stage_of_resnet():
    z = torch.randn(3, 100)
    mlp, dcgan, resnet = (pair(network, classes=())[0].eval() for network in ("mlp", "dcgan", "resnet"))
    loosen(resnet)
    leaky = nn.LeakyReLU(0.2)
    assert torch.equal(mlp.features(z), leaky(mlp.first(z)))
    assert torch.equal(dcgan.features(z), leaky(dcgan.norm(dcgan.dense(z))))
    expected = resnet.stages[0](resnet.dense(z).view(3, 32, 7, 7)).flatten(1)
    assert torch.allclose(resnet.features(z), expected, atol=1e-5)


def test_gradient_reaches_every_parameter(subtests):
    for network, resolution in product(NETWORKS, RESOLUTIONS):
        with subtests.test(network=network, resolution=resolution):
            generator, critic = pair(network, resolution, 3)
            loosen(generator, critic)
            y, real = weights(4), torch.rand(4, 3, resolution, resolution) * 2 - 1
            loss = Relativistic()

            fake = generator(torch.randn(4, 100), y)
            both = torch.cat([real, fake.detach()]).requires_grad_()
            logits = critic(both, torch.cat([y, y]))
            (loss.critic(*logits.chunk(2)) + squared_gradient(logits, both).mean()).backward()
            for name, p in critic.named_parameters():
                # Relativistic loss and penalty are both blind to a constant added to every logit.
                blind = name in ("logit.bias", "layers.10.bias")
                assert p.grad is not None and (blind or p.grad.abs().max() > 0), name
            assert all(p.grad is None for p in generator.parameters())

            loss.generator(critic(real, y), critic(fake, y)).backward()
            for name, p in generator.named_parameters():
                assert p.grad is not None and p.grad.abs().max() > 0, name


def test_unknown_network_is_refused_with_the_choices():
    known = ", ".join(NETWORKS | POINT_NETWORKS)
    with pytest.raises(ConfigError, match=f"network must be one of {known}, got 'vit'"):
        build(Config(network="vit", resolution=28, channels=1))


def test_networks_build_on_meta_and_copy(subtests):
    for network in NETWORKS:
        with subtests.test(network=network):
            with torch.device("meta"):
                made = pair(network)
            for shape, real in zip(made, pair(network), strict=True):
                assert all(p.is_meta for p in shape.parameters())
                assert shapes(shape) == shapes(real)
                assert copy.deepcopy(real).state_dict().keys() == real.state_dict().keys()


def test_networks_without_values_draw_no_numbers(monkeypatch, subtests):
    """For a normal number on the meta device torch imports its compiler, for a second of every first model."""
    on_meta, normal = [], torch.Tensor.normal_

    def note(tensor, *args, **kwargs):
        on_meta.append(tensor.shape) if tensor.is_meta else None
        return normal(tensor, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "normal_", note)
    for network in NETWORKS:
        for critic_norm in ("none", "spectral"):
            with subtests.test(network=network, critic_norm=critic_norm), torch.device("meta"):
                on_meta.clear()
                build(dataclasses.replace(config(network), critic_norm=critic_norm))
                assert not on_meta


def test_width_scales_the_resnet_pair():
    def count(width):
        with torch.device("meta"):
            nets = build(Config(resolution=32, channels=3, width=width))
        return sum(p.numel() for net in nets for p in net.parameters())

    assert 2.5 < count(128) / count(64) < 4.5


def test_spectral_norm_bounds_every_layer_of_the_critic_and_none_of_the_generator(subtests):
    for network in NETWORKS:
        with subtests.test(network=network):
            torch.manual_seed(0)
            generator, critic = build(dataclasses.replace(config(network), critic_norm="spectral"))
            for _ in range(60):
                iterate_spectral_norm(critic)
            layers = kinds(critic, (nn.Conv2d, nn.Linear))
            assert layers
            for layer in layers:
                largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
                assert largest.item() == pytest.approx(1, rel=0.03)
            assert not any("parametrizations" in name for name in generator.state_dict())


def test_spectral_norm_is_torchs_but_for_when_it_iterates():
    ours = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 2))
    torchs = copy.deepcopy(ours)
    torch.manual_seed(0)
    spectral_norm_(ours)
    torch.manual_seed(0)
    for layer in (torchs[0], torchs[2]):
        nn.utils.parametrizations.spectral_norm(layer)
    ours.load_state_dict(torchs.state_dict(), strict=True)
    x = torch.randn(5, 3, 3, 3)
    for _ in range(3):
        iterate_spectral_norm(ours)
        expected = torchs(x)
        assert torch.equal(ours(x), expected) and torch.equal(ours(x), expected), "no forward pass iterates"
    for (name, mine), theirs in zip(ours.state_dict().items(), torchs.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs), name
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ours[2].weight, torchs.eval()[2].weight)


def test_batch_norm_goes_into_the_critic_when_asked_for(subtests):
    for network in [n for n in NETWORKS if NETWORKS[n].critic_batch_norm]:
        with subtests.test(network=network):
            _, critic = build(dataclasses.replace(config(network), critic_norm="batch"))
            assert kinds(critic, NORMS) and not kinds(pair(network)[1], NORMS)


def test_every_norm_loads_from_a_state_dict_on_meta(subtests):
    for network, critic_norm in product(NETWORKS, ["none", "batch", "spectral"]):
        if critic_norm == "batch" and not NETWORKS[network].critic_batch_norm:
            continue
        with subtests.test(network=network, critic_norm=critic_norm):
            wanted = dataclasses.replace(config(network), critic_norm=critic_norm)
            _, critic = build(wanted)
            with torch.device("meta"):
                _, empty = build(wanted)
            empty.load_state_dict(critic.state_dict(), assign=True)
            x, y = torch.rand(2, 1, 28, 28), weights(2) if wanted.classes else None
            assert torch.equal(empty.eval()(x, y), critic.eval()(x, y))


def test_dropout_drops_a_share_keeps_the_mean_and_is_seeded(subtests):
    for shape, p in product([(64, 3, 28, 28), (7, 11), (1,)], [0.0, 0.3, 0.5, 1.0]):
        with subtests.test(shape=shape, p=p):
            torch.manual_seed(0)
            layer, x = Dropout(p), torch.ones(shape, requires_grad=True)
            y = layer(x)
            assert y.shape == x.shape and y.dtype == x.dtype
            if y.numel() > 1000:
                assert (y == 0).float().mean().item() == pytest.approx(p, abs=0.01)
                assert y.mean().item() == pytest.approx(0 if p == 1 else 1, abs=0.02)
            assert len(y.detach().unique()) <= 2
            torch.manual_seed(0)
            assert torch.equal(layer(x), y)
            (g,) = torch.autograd.grad(y.sum(), x, create_graph=True) if p < 1 else (y,)
            assert torch.equal(g, y)  # the mask itself
            assert torch.equal(layer.eval()(x), x)


def test_dropout_masks_have_no_pattern():
    torch.manual_seed(0)
    kept = (Dropout(0.5)(torch.ones(4096, 64)) > 0).float()
    assert (kept.mean(0) - 0.5).abs().max() < 0.04 and (kept.mean(1) - 0.5).abs().max() < 0.3
    assert (kept.T.corrcoef() - torch.eye(64)).abs().max() < 0.08


def test_normal_init_keeps_variance_through_a_leaky_relu():
    torch.manual_seed(0)
    layer = init_normal_(nn.Linear(400, 4000), GAIN)
    x = torch.nn.functional.leaky_relu(torch.randn(200, 400), SLOPE)
    assert layer(x).var().item() == pytest.approx(1, rel=0.05)
    assert not layer.bias.any()


def test_upsample_and_downsample_keep_a_constant_and_halve_or_double():
    x = torch.full((1, 4, 6, 6), 3.0)
    for layer, side in ((Upsample(4, 4), 12), (Downsample(4, 4), 3)):
        assert torch.allclose(layer(x), torch.full((1, 4, side, side), 3.0))
        assert not list(layer.parameters())
    assert Upsample(4, 2)(x).shape == (1, 2, 12, 12)
    assert Downsample(4, 8)(x).shape == (1, 8, 3, 3)
    ramp = torch.arange(16.0).view(1, 1, 4, 4)
    assert Downsample(1, 1)(ramp).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_class_weights_join_the_latent_at_unit_variance():
    z = torch.randn(4, 3)
    assert concat_classes(z, None) is z
    joined = concat_classes(z, torch.eye(4))
    assert torch.equal(joined[:, :3], z)
    assert torch.equal(joined[:, 3:], 2 * torch.eye(4))


def test_the_fourier_critic_sees_waves_of_two_lengths_all_around_whatever_the_precision(subtests):
    for precision in [torch.float32, torch.bfloat16]:
        with subtests.test(precision=precision):
            torch.manual_seed(0)
            _, critic = build(Config(network="points-fourier", width=16))
            first, seen = critic.layers[0], []
            first.register_forward_pre_hook(lambda module, given, seen=seen: seen.append(given[0]))
            x = torch.tensor([[0.0, 0.0], [4.0, -3.98], [-1.0, 0.5]])
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
                critic(x)
            turn = torch.arange(16, dtype=torch.float64) * torch.pi / 16
            phase = (x.double() @ torch.stack([turn.cos(), turn.sin()])) * torch.tensor([1.5, 3.0]).repeat(8)
            torch.testing.assert_close(seen[0].double(), torch.cat([x, phase.sin(), phase.cos()], 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("network", "resolution"), list(product(("resnet", "modulated"), RESOLUTIONS)))
def test_a_crossing_is_the_one_picture_above_the_border_and_the_other_below(network: str, resolution: int) -> None:
    generator, _ = pair(network, resolution)
    loosen(generator)
    z, y = torch.randn(3, generator.dense.in_features - 3), weights(3)
    other_z, other_y = z.flip(0), y.flip(0)
    with torch.no_grad():
        own, other = generator(z, y), generator(other_z, other_y)
        torch.testing.assert_close(generator.cross(z, y, z, y, torch.rand(3)), own, rtol=0, atol=1e-5)
        nearly = [generator.cross(z, y, other_z, other_y, torch.full((3,), border)) for border in (0.0, 0.5, 1.0)]
    edge = max(1, resolution // 14)
    assert (nearly[0] - other)[[0, 2], :, -edge:].abs().mean() < 0.1 * (own - other)[[0, 2], :, -edge:].abs().mean()
    assert (nearly[2] - own)[[0, 2], :, :edge].abs().mean() < 0.1 * (own - other)[[0, 2], :, :edge].abs().mean()
    for rows, near, far in ((slice(0, edge), own, other), (slice(-edge, None), other, own)):
        assert (nearly[1] - near)[:, :, rows].abs().mean() < (nearly[1] - far)[:, :, rows].abs().mean()
