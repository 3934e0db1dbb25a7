"""`gan.models.model`: what a loaded model does, and the errors for wrong arguments."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from itertools import product

import numpy as np
import pytest
import torch

import gan
from gan.config import ClassGroup
from gan.models.directions import Directions, Slider, without_names
from gan.models.latent import class_of, latents
from gan.models.model import BATCH, Model, load, pick_device, to_uint8
from gan.networks import NETWORKS, build


@pytest.fixture(scope="module")
def digits(tiny_folder) -> Model:
    return load(tiny_folder, "cpu")


@pytest.fixture(scope="module")
def emoji(tiny_emoji_folder) -> Model:
    return load(tiny_emoji_folder, "cpu")


def untrained(network: str, config) -> Model:
    """Return a model of any network, with random weights in which every layer counts."""
    torch.manual_seed(0)
    classes = config.classes if NETWORKS[network].conditional else ()
    groups = config.class_groups if classes else ()
    config = type(config)(network=network, resolution=28, channels=1, width=16, classes=classes, class_groups=groups)
    nets = build(config)
    for net in nets:
        net.eval().requires_grad_(False)
        for p in net.parameters():
            if not p.any():
                torch.nn.init.normal_(p, std=0.05)
            elif p.ndim == 2:
                p.mul_(2)  # more contrast than a new network has
    return Model("untrained", config, *nets, without_names(torch.zeros(16, 100), torch.zeros(16)))


def level(a: np.ndarray, b: np.ndarray) -> int:
    """Return the largest difference of two uint8 arrays, in grey levels."""
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max(initial=0))


def test_load_is_offered_by_the_package(tiny_folder):
    assert gan.load(str(tiny_folder), "cpu").name == "tiny"
    assert gan.Model is Model
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gan.nothing


def test_attributes_of_a_model(digits, emoji):
    assert (digits.resolution, digits.channels, digits.z_dim) == (28, 1, 100)
    assert digits.classes == tuple("0123456789")
    assert (emoji.resolution, emoji.channels) == (32, 3)
    for model in (digits, emoji):
        assert model.directions.shape == (16, 100) and model.variance.shape == (16,)
        assert (model.variance.diff() <= 0).all()
        assert model.classes == model.config.classes
        assert model.device == torch.device("cpu")


def test_sample_shape_and_dtype(digits, emoji, subtests):
    for model, n in product([digits, emoji], [0, 1, 5, BATCH, BATCH + 3]):
        with subtests.test(model=model.name, n=n):
            pictures = model.sample(range(n))
            assert pictures.shape == (n, model.resolution, model.resolution, model.channels)
            assert pictures.dtype == np.uint8
            if n > 1:
                assert level(pictures[:1], pictures[1:2]) > 10


def test_same_seed_same_picture_whatever_the_batch(digits, subtests):
    for network in NETWORKS:
        with subtests.test(network=network):
            model = untrained(network, digits.config)
            seeds = list(range(70))
            together = model.sample(seeds)
            for seed in (0, 13, 63, 64, 69):
                assert level(model.sample([seed]), together[seed : seed + 1]) <= 1
            order = np.random.default_rng(0).permutation(70)
            assert level(model.sample(order.tolist()), together[order]) <= 1
            assert np.array_equal(model.sample(seeds), together)
            assert level(together[:1], together[1:2]) > 2


def test_sampling_depends_on_no_global_state_and_changes_none(digits, emoji, subtests):
    for model in [digits, emoji]:
        with subtests.test(model=model.name):
            torch.manual_seed(1)
            before = torch.get_rng_state()
            first = model.sample([1, 2])
            assert torch.equal(torch.get_rng_state(), before)
            torch.manual_seed(2)
            assert np.array_equal(model.sample([1, 2]), first)


def test_label_none_is_each_seeds_own_class(digits, emoji, subtests):
    for model in [digits, emoji]:
        with subtests.test(model=model.name):
            k = len(model.classes)
            own = [class_of(s, k) for s in range(6)]
            assert torch.equal(model.class_weights(range(6)), torch.eye(k)[own])
            assert np.array_equal(model.sample(range(6)), model.sample(range(6), own))


def test_label_by_index_name_and_sequence_are_one(digits, emoji, subtests):
    for model in [digits, emoji]:
        with subtests.test(model=model.name):
            name = model.classes[1]
            by_index = model.sample(range(3), 1)
            assert np.array_equal(by_index, model.sample(range(3), name))
            assert np.array_equal(by_index, model.sample(range(3), [1, name, 1]))
            assert torch.equal(model.class_weights([0, 1], [0, name]), torch.eye(len(model.classes))[[0, 1]])


def test_label_decides_the_picture(digits):
    model = untrained("resnet", digits.config)
    assert level(model.sample([0], 1), model.sample([0], 2)) > 2


def scenes(config) -> Model:
    """Return an untrained model whose pictures have one place of two and up to two animals of three."""
    groups = (ClassGroup("places", 2), ClassGroup("animals", 3, 2))
    classes = ("sea", "snow", "cat", "dog", "mouse")
    return untrained("resnet", dataclasses.replace(config, classes=classes, class_groups=groups))


def test_pictures_with_several_classes(digits):
    model = scenes(digits.config)
    own = model.class_weights(range(40))
    assert torch.equal(own.sum(1), own[:, :2].sum(1) + own[:, 2:].sum(1)) and own.unique().tolist() == [0, 1]
    assert own[:, :2].sum(1).unique().tolist() == [1] and own[:, 2:].sum(1).unique().tolist() == [1, 2]
    assert (own.mean(0) > 0.2).all()
    assert torch.equal(model.class_weights(range(40), set()), own)
    # Of a group of which nothing is named the seed's own stay.
    cats = model.class_weights(range(40), "cat")
    assert torch.equal(cats[:, :2], own[:, :2]) and torch.equal(cats[:, 2:], torch.eye(3)[[0] * 40])
    both = model.class_weights([3], {"cat", 4, "sea"})
    assert both.tolist() == [[1, 0, 1, 0, 1]]
    each = model.class_weights([3, 3, 3], [None, {"cat", 4, "sea"}, "snow"])
    assert torch.equal(each[0], own[3]) and torch.equal(each[1], both[0]) and each[2, :2].tolist() == [0, 1]
    assert model.sample([1, 2], {"sea", "dog"}).shape == (2, 28, 28, 1)
    assert model.interpolate([1, 2], 3, label=[{"cat"}, {"sea", "dog"}]).shape == (3, 28, 28, 1)
    with pytest.raises(ValueError, match="at most 2 of animals, got cat, dog, mouse"):
        model.class_weights([0], set(model.classes) - {"sea"})


def test_bad_label_is_refused(digits, subtests):
    for label in [-1, 10, "ten", "", True, 1.0, [0, 1], [0, 1, 99], {0, 1}]:
        with subtests.test(label=label):
            with pytest.raises(ValueError, match="^label must") as raised:
                digits.sample(range(3), label)
            if not isinstance(label, (list, set)):
                assert repr(label) in str(raised.value)


def test_wrong_label_message_lists_the_classes(digits):
    message = "label must be None, an index in [0, 9] or one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; got 'ten'"
    with pytest.raises(ValueError) as raised:
        digits.sample([0], "ten")
    assert str(raised.value) == message


def test_unconditional_model_takes_no_label(digits):
    model = untrained("mlp", digits.config)
    assert model.class_weights([0, 1]) is None
    assert model.sample([0, 1]).shape == (2, 28, 28, 1)
    for label in (0, "0", [0]):
        with pytest.raises(ValueError, match="label must be None: untrained has no classes"):
            model.sample([0], label)


def test_bad_seed_is_refused(digits, emoji, subtests):
    for model, seed in product([digits, emoji], [-1, 2**32, 0.5, True, "7", None]):
        with (
            subtests.test(model=model.name, seed=seed),
            pytest.raises(ValueError, match="seed must be a whole number"),
        ):
            model.sample([0, seed])


def test_bad_truncation_is_refused_with_range_and_value(digits, emoji, subtests):
    for model, truncation in product([digits, emoji], [-0.1, 2.1, float("nan"), float("inf"), "1", None, True]):
        with subtests.test(model=model.name, truncation=truncation):
            for call in (model.sample, functools.partial(model.interpolate, frames=2)):
                with pytest.raises(ValueError, match=r"truncation must be in \[0, 2\], got "):
                    call([0], truncation=truncation)


def test_truncation_scales_the_latent(digits):
    model = untrained("resnet", digits.config)
    z, y = latents([3], 100), model.class_weights([3])
    assert np.array_equal(model.sample([3], truncation=0.5), model.render(z * 0.5, y))
    collapsed = model.sample(range(5), 2, truncation=0)
    assert level(collapsed, np.repeat(collapsed[:1], 5, 0)) <= 1
    assert level(model.sample([3]), model.sample([3], truncation=0.5)) > 1


def test_interpolation_meets_its_keyframes(digits, subtests):
    for network, mode in product(NETWORKS, ["slerp", "lerp"]):
        with subtests.test(network=network, mode=mode):
            model = untrained(network, digits.config)
            seeds = [4, 9, 2]
            keys = model.sample(seeds, truncation=0.8)
            film = model.interpolate(seeds, 11, mode, truncation=0.8)
            assert film.shape == (11, 28, 28, 1) and film.dtype == np.uint8
            assert level(film[[0, 5, 10]], keys) <= 1
            loop = model.interpolate(seeds, 12, mode, loop=True, truncation=0.8)
            assert level(loop[[0, 4, 8]], keys) <= 1
            assert level(loop[-1:], keys[:1]) > 1


def test_interpolation_glides_between_classes(digits):
    model = untrained("resnet", digits.config)
    film = model.interpolate([1, 1], 3, label=[2, 7])
    y = torch.zeros(1, 10)
    y[0, [2, 7]] = 0.5
    assert level(film[1:2], model.render(latents([1], 100), y)) <= 1
    assert level(film[::2], model.sample([1, 1], [2, 7])) <= 1


def test_interpolation_with_one_seed_is_a_still(digits, emoji, subtests):
    for model in [digits, emoji]:
        with subtests.test(model=model.name):
            film = model.interpolate([5], 4, loop=True)
            assert level(film, np.repeat(model.sample([5]), 4, 0)) <= 1


def test_bad_interpolation_is_refused(digits, emoji, subtests):
    for model in [digits, emoji]:
        with subtests.test(model=model.name):
            with pytest.raises(ValueError, match="at least one seed"):
                model.interpolate([], 4)
            with pytest.raises(ValueError, match="mode must be one of slerp, lerp, got 'cubic'"):
                model.interpolate([0, 1], 4, "cubic")
            with pytest.raises(ValueError, match=r"frames must be a whole number in \[1, 100000\], got 0"):
                model.interpolate([0, 1], 0)


def test_critic_score_is_the_critic_on_the_picture(digits, emoji, subtests):
    for model in [digits, emoji]:
        with subtests.test(model=model.name):
            pictures = model.sample(range(3))
            y = torch.eye(len(model.classes))[[1, 1, 1]]
            with torch.no_grad():
                x = torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
                expected = model.critic(x, y)
            scores = model.critic_score(pictures, 1)
            assert scores.shape == (3,) and scores.dtype == np.float32
            np.testing.assert_allclose(scores, expected.numpy(), rtol=1e-3, atol=1e-4)


def test_critic_score_over_classes_is_their_mean(digits):
    model = untrained("resnet", digits.config)
    pictures = model.sample(range(4))
    by_class = np.stack([model.critic_score(pictures, k) for k in range(10)])
    assert by_class.std(0).min() > 1e-4
    np.testing.assert_allclose(model.critic_score(pictures), by_class.mean(0), rtol=1e-3, atol=1e-4)
    mixed = model.critic_score(pictures, [3, "3", 0, 9])
    np.testing.assert_allclose(mixed, by_class[[3, 3, 0, 9], range(4)], rtol=1e-3, atol=1e-4)


def test_critic_score_keeps_order_whatever_the_batch(digits, subtests):
    for n in [0, 1, BATCH + 2]:
        with subtests.test(n=n):
            model = untrained("resnet", digits.config)
            pictures = model.sample(range(n))
            scores = model.critic_score(pictures)
            assert scores.shape == (n,)
            np.testing.assert_allclose(model.critic_score(pictures[::-1]), scores[::-1], rtol=1e-3, atol=1e-3)


@pytest.mark.filterwarnings("error")
def test_critic_score_takes_read_only_pictures(digits):
    pictures = digits.sample([0])
    pictures.setflags(write=False)
    assert digits.critic_score(pictures).shape == (1,)


def test_wrong_images_are_refused(digits, subtests):
    for kind, images, got in [
        ("colour", np.zeros((2, 28, 28, 3), np.uint8), r"uint8 \(2, 28, 28, 3\)"),
        ("channels first", np.zeros((2, 1, 28, 28), np.uint8), r"uint8 \(2, 1, 28, 28\)"),
        ("one picture", np.zeros((28, 28, 1), np.uint8), r"uint8 \(28, 28, 1\)"),
        ("float", np.zeros((2, 28, 28, 1), np.float32), "float32"),
        ("list", [[0]], "list"),
        ("tensor", torch.zeros(2, 28, 28, 1), "Tensor"),
    ]:
        message = rf"images must be uint8 of shape \(N, 28, 28, 1\), got {got}"
        with subtests.test(kind), pytest.raises(ValueError, match=message):
            digits.critic_score(images)


def test_to_uint8_rounds_and_clamps():
    x = torch.tensor([-5.0, -1.0, -0.999, 0.0, 0.5, 1.0, 5.0]).view(1, 1, 1, 7)
    assert to_uint8(x).flatten().tolist() == [0, 0, 0, 128, 191, 255, 255]
    assert to_uint8(torch.rand(2, 3, 4, 4)).shape == (2, 4, 4, 3)
    levels = torch.arange(256.0).view(1, 1, 16, 16)
    assert to_uint8(levels / 127.5 - 1).flatten().tolist() == list(range(256))


def test_pick_device(monkeypatch, subtests):
    for present in [True, False]:
        with subtests.test(present=present):
            monkeypatch.setattr(torch.cuda, "is_available", lambda present=present: present)
            assert pick_device("auto") == torch.device("cuda" if present else "cpu")
            assert pick_device("cpu") == torch.device("cpu")
            if present:
                assert pick_device("cuda") == torch.device("cuda")
            else:
                with pytest.raises(ValueError, match="torch sees no CUDA device"):
                    pick_device("cuda")
            with pytest.raises(ValueError, match="device must be auto, cpu or cuda, got 'tpu'"):
                pick_device("tpu")


def test_loading_twice_gives_the_same_model(tiny_folder, tmp_path):
    copy = shutil.copytree(tiny_folder, tmp_path / "elsewhere")
    first, second = load(tiny_folder, "cpu"), load(copy, "cpu")
    assert second.name == "elsewhere"
    assert np.array_equal(first.sample(range(4)), second.sample(range(4)))


def test_edit_moves_latents_along_names_and_asks_for_classes_where_they_matter(tiny_folder):
    model = load(tiny_folder, "cpu")
    first, *_ = model.classes
    sliders = (Slider("slant", principal=1), Slider("smile", 0.5, 2.0, label=first))
    rows = torch.eye(model.z_dim)[:2]
    named = Directions(model.directions, model.variance, rows, sliders)
    edited = Model("m", model.config, model.generator, model.critic, named)
    z, y = edited.latents([1, 2]), torch.eye(len(model.classes))[[0, 1]]
    assert torch.equal(edited.edit(z), z)
    torch.testing.assert_close(edited.edit(z, slant=2) - z, 2 * rows[[0, 0]])
    torch.testing.assert_close(edited.edit(z, y, smile=-1) - z, torch.stack([-rows[1], 0 * rows[1]]))
    with pytest.raises(ValueError, match="direction of smile depends on the class"):
        edited.edit(z, smile=1)
    with pytest.raises(ValueError, match="no slider 'beard': it has slant, smile"):
        edited.edit(z, beard=1)
    with pytest.raises(ValueError, match=r"class weights must be \(2, "):
        edited.edit(z, y[:1], smile=1)
