"""`gan.editing.recognise` and `judge`: what a critic's feature map tells, and how well that is known."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from small_models import untrained

from gan.editing import train_judge
from gan.editing.judge import DAMAGES, damaged, evidence, fit_judge, judge, judge_features, load_judge, write_judge
from gan.editing.operators import smooth
from gan.editing.recognise import Probe, area_under_curve, critic_features, few_of_each, pixel_features, probe_accuracy
from gan.models.heads import write_head
from gan.models.model import Model
from gan.models.taught_on import JUDGE


@pytest.fixture(scope="module")
def model() -> Model:
    return untrained()


def pictures(count: int, seed: int = 0) -> torch.Tensor:
    """Return pictures uint8 (N, 1, 28, 28) of a square somewhere in the middle."""
    source = torch.Generator().manual_seed(seed)
    images = torch.zeros(count, 1, 28, 28, dtype=torch.uint8)
    for image, (top, left) in zip(images, torch.randint(4, 12, (count, 2), generator=source).tolist(), strict=True):
        image[0, top : top + 12, left : left + 12] = 200
    return images


def test_features_do_not_depend_on_the_batch_and_need_a_map(model):
    images = pictures(70)
    features = critic_features(model, images)
    assert features.shape[0] == 70 and torch.allclose(features[65:], critic_features(model, images[65:]), atol=1e-4)
    assert pixel_features(model, images).shape == (70, 784)
    with pytest.raises(ValueError, match="no feature map to look at"):
        critic_features(untrained((), network="mlp"), images)


@pytest.mark.parametrize("count", [20, 200])
def test_a_probe_is_ridge_regression(count):
    """In both of its forms, for fewer pictures than features and for more."""
    source = torch.Generator().manual_seed(0)
    x = torch.randn(count, 50, generator=source)
    y = x[:, :2] - x[:, 2:4]
    probe = Probe(x, y, ridge=0.1)
    xn = ((x - x.mean(0)) / x.std(0, correction=0)).double()
    penalty = 0.1 * max(count, 50) if count > 50 else 0.1 * 50
    wanted = torch.linalg.solve(xn.T @ xn + penalty * torch.eye(50), xn.T @ (y - y.mean(0)).double())
    assert torch.allclose(probe.weights, wanted, atol=1e-6)
    assert torch.allclose(probe(x), (xn @ wanted + y.mean(0)).float(), atol=1e-5)


def test_few_of_each_are_fixed_by_the_seed_and_no_more_than_asked():
    labels = torch.arange(40) % 4
    chosen = few_of_each(labels, 3, seed=1)
    assert torch.equal(labels[chosen].bincount(), torch.full((4,), 3)) and len(chosen.unique()) == 12
    assert torch.equal(chosen, few_of_each(labels, 3, seed=1)) and not torch.equal(
        chosen, few_of_each(labels, 3, seed=2)
    )
    with pytest.raises(ValueError, match="fewer than 11"):
        few_of_each(labels, 11)


def test_a_probe_tells_classes():
    x = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
    labels = (x[:, 0] > 0).long()
    assert probe_accuracy(x[:40], labels[:40], x[40:], labels[40:]) > 0.8


def test_area_under_the_curve_counts_pairs():
    a, b = torch.tensor([1.0, 2, 2, 5]), torch.tensor([0.0, 2, 3])
    pairs = (a[:, None] > b).float() + 0.5 * (a[:, None] == b)
    assert abs(area_under_curve(a, b) - float(pairs.mean())) < 1e-6


@pytest.mark.parametrize("name", DAMAGES)
def test_every_damage_changes_a_picture_and_the_same_twice(name):
    images = pictures(4)
    once = damaged(images, name)
    assert once.shape == images.shape and (once != images).any() and torch.equal(once, damaged(images, name))


def test_a_judge_tells_damage_and_says_how_well(model):
    head = fit_judge(model, pictures(40), pictures(40, 1))
    assert head.figures["damage"] > 0.9 and {f"damage_{name}" for name in DAMAGES} <= set(head.figures)
    assert 0 <= head.figures["critic_made"] <= 1
    real, erased = (
        images.permute(0, 2, 3, 1).numpy() for images in (pictures(9, 2), damaged(pictures(9, 2), "erased"))
    )
    scores = judge(model, head, np.concatenate([real, erased]))
    assert scores.shape == (18, 2) and scores[:9, 0].min() > scores[9:, 0].max()


def test_a_judge_lies_beside_the_critic_it_is_for(model, tmp_path):
    head = fit_judge(model, pictures(20), pictures(20, 1))
    (tmp_path / "critic.safetensors").write_bytes(b"critic")
    assert load_judge(model, tmp_path) is None
    write_judge(tmp_path, head)
    again = load_judge(model, tmp_path)
    images = pictures(3, 2).permute(0, 2, 3, 1).numpy()
    assert again.figures == head.figures
    assert np.allclose(judge(model, again, images), judge(model, head, images), atol=1e-5)
    write_head(tmp_path, JUDGE, head.network, head.figures)  # as before it looked at statistics
    assert load_judge(model, tmp_path) is None


@pytest.mark.parametrize("network", ["dcgan", "resnet"])
def test_a_judge_sees_noise_and_blur_of_every_size(network):
    """The last map alone hides them: the map of a critic that has learnt shapes is the same with and without."""
    seeing = untrained(network=network)
    images = pictures(8)
    noise = torch.randint(0, 30, images.shape, generator=torch.Generator().manual_seed(0))
    noisy = (images + noise).clamp(0, 255).to(torch.uint8)
    blurred = damaged(images, "blur")
    clean, rough, soft = (judge_features(seeing, each).view(8, -1) for each in (images, noisy, blurred))
    assert torch.allclose(clean[5:], judge_features(seeing, images[5:]), atol=1e-3)
    downwards = 2  # the picture's own: mean, variance, difference downwards and across
    assert (rough[:, downwards] > clean[:, downwards] + 0.1).all() and (soft[:, 1] < clean[:, 1]).all()
    with pytest.raises(ValueError, match="no feature map to look at"):
        judge_features(untrained((), network="mlp"), images)


def test_evidence_adds_up_to_what_sharpness_is_worth_and_lies_where_the_damage_is(model):
    head = fit_judge(model, pictures(200), pictures(40, 1))
    real = pictures(6, 2)
    noisy = real.clone()
    noisy[:, :, 14:, 14:] = damaged(real, "noise")[:, :, 14:, 14:]
    found = []
    for images in (real, noisy):
        rows = images.permute(0, 2, 3, 1).numpy()
        places = evidence(model, head, rows)
        side = model.critic.maps(torch.zeros(1, 1, 28, 28)).shape[-1]
        assert places.shape == (6, side, side)
        blurred = smooth(images.float().div(127.5).sub(1), 28 / 8).add(1).mul(127.5)
        whole = judge(model, head, rows)[:, 0] - judge(model, head, blurred.permute(0, 2, 3, 1).numpy())[:, 0]
        assert np.abs(places.sum((1, 2)) - whole).max() < 0.25 * np.abs(whole).max()
        found.append(places)
    lost = found[1] - found[0]
    half = lost.shape[1] // 2
    quarter = lost[:, half:, half:].sum((1, 2))
    assert (quarter < 0).all() and (quarter < lost.sum((1, 2)) - quarter).mean() > 0.8


def test_the_command_adds_a_judge_to_a_folder(tiny_folder, tmp_path, capsys, read_once):
    folder = shutil.copytree(tiny_folder, tmp_path / "digits")
    assert train_judge.main([str(folder), "--dataset", "mnist-10k", "--pictures", "40"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bytes"] == (folder / JUDGE).stat().st_size and 0 <= told["damage"] <= 1
    assert train_judge.main([str(folder), "--pictures", "6000"]) == 1
    assert "has 10,000 pictures, and 12,000 are needed" in capsys.readouterr().err
