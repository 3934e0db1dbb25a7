"""`gan.models.inversion`: pictures are found where they were made, in every class, step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import untrained
from torch import nn

from gan.config import ClassGroup
from gan.models import inversion
from gan.models.inversion import Search, Solver, Starts, begin, best_of, difference
from gan.models.model import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return untrained()


@pytest.fixture(scope="module")
def seen(model) -> np.ndarray:
    """Return pictures of the model, of classes b and c."""
    return model.sample([1, 2], ["b", "c"])


def test_a_picture_of_the_model_is_found_where_it_was_made(model, seen):
    found = model.invert(seen, ["b", "c"], steps=12, map_steps=0)
    assert found.decibels.min() > 30 and found.offsets is None and found.steps == 12
    assert np.allclose(found.errors, np.square((found.pictures / 255.0) - seen / 255.0).mean((1, 2, 3)), atol=1e-6)
    assert torch.equal(found.classes, model.class_weights([0, 0], ["b", "c"]))
    assert np.abs(found.pictures.astype(int) - model.render(found.latents, found.classes)).max() <= 1
    assert (found.latents - model.latents([1, 2])).norm() < 0.2 * model.latents([1, 2]).norm()


def test_an_unknown_class_is_found_too(model, seen):
    found = model.invert(seen, steps=8, map_steps=0)
    assert found.classes.argmax(1).tolist() == [1, 2]


def test_the_first_feature_map_says_what_the_latent_cannot_and_sliders_still_act(model):
    picture = np.zeros((1, 28, 28, 1), np.uint8)
    picture[:, 8:20, 8:20] = 255
    by_latent = model.invert(picture, "a", map_steps=0)
    found = model.invert(picture, "a", map_steps=30)
    assert found.decibels[0] > by_latent.decibels[0] + 2
    assert torch.equal(found.latents, by_latent.latents)
    assert np.allclose(found.by_latent, by_latent.errors) and np.allclose(by_latent.by_latent, by_latent.errors)
    drawn = model.render(found.latents, found.classes, found.offsets)
    assert np.abs(drawn.astype(int) - found.pictures).max() <= 1
    assert (model.render(found.latents + 1, found.classes, found.offsets) != drawn).any()


def test_the_way_is_shown_and_can_be_left(model, seen):
    way = list(model.finding(seen[:1], steps=3, map_steps=12))
    steps = [found.steps for found in way]
    assert steps == [0, 8, 16, 25, 26, 27, 33, 39] and all(found.pictures.shape == (1, 28, 28, 1) for found in way)
    assert way[-1].errors[0] < way[0].errors[0] and way[-1].offsets is not None and way[-2].offsets is not None
    with torch.inference_mode():
        first = next(model.finding(seen[:1], "b"))
        assert first.steps == 0 and torch.is_inference_mode_enabled()
        assert len(list(model.finding(seen[:1], "b", steps=1, map_steps=1))) == 3


def test_without_an_encoder_places_are_drawn_and_the_best_is_kept(seen):
    blind = untrained(encoder=False)
    found = blind.invert(seen, ["b", "c"], steps=12, starts=4, map_steps=0)
    assert found.decibels.min() > 25
    assert blind.invert(seen[:0]).latents.shape == (0, 6)


def test_models_without_classes_and_with_several_of_them_in_a_picture():
    plain = untrained(())
    found = plain.invert(plain.sample([3]), steps=6, map_steps=0)
    assert found.classes is None and found.decibels[0] > 20
    grouped = untrained(("x", "y", "p", "q", "r"), class_groups=(ClassGroup("one", 2, 1), ClassGroup("two", 3, 2)))
    rows = begin(grouped, torch.zeros(2, 1, 28, 28)).y
    assert rows.shape == (2, 5) and (rows[:, :2].sum(1) == 1).all() and (rows[:, 2:].sum(1) >= 1).all()
    blind = untrained(grouped.classes, encoder=False, class_groups=grouped.groups)
    assert begin(blind, torch.zeros(2, 1, 28, 28)).y.shape == (2, 5)


def test_a_network_without_a_feature_map_has_latents_alone():
    flat = untrained((), network="mlp")
    found = flat.invert(flat.sample([3]), steps=2, map_steps=6)
    assert found.offsets is None and found.steps == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": -1}, "steps must be"),
        ({"steps": 10_000}, "steps must be"),
        ({"map_steps": 1.5}, "map_steps must be"),
        ({"starts": 0}, "starts must be"),
        ({"label": "z"}, "label must be"),
    ],
)
def test_wrong_values_are_named(model, seen, wrong, message):
    with pytest.raises(ValueError, match=message):
        model.invert(seen, **wrong)


def test_other_sizes_are_resized_with_a_warning(model):
    with pytest.warns(UserWarning, match="40x30 were cropped"):
        found = model.invert([np.zeros((30, 40, 3), np.uint8)], "a", steps=0)
    assert found.pictures.shape == (1, 28, 28, 1)


def test_the_solver_solves_what_is_linear():
    """With no prior and a linear generator, steps end at the least squares solution."""

    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 16, bias=False)

        def forward(self, z, y=None):
            return self.layer(z).unflatten(1, (1, 4, 4))

    torch.manual_seed(0)
    model = untrained(())
    model.generator, model.z_dim, model.resolution = Linear().requires_grad_(False), 4, 4
    target = torch.randn(2, 1, 4, 4)
    wanted = torch.linalg.lstsq(model.generator.layer.weight, target.flatten(1).T).solution.T
    solver = Solver(model, Starts(torch.zeros(2, 4), None, torch.arange(2)), difference(target), prior=0.0)
    for _ in range(16):
        solver.step()
    assert torch.allclose(solver.z, wanted, atol=5e-3)


def test_a_search_keeps_the_best_of_each_point():
    target = torch.tensor([[1.0], [-2.0], [5.0]])
    search = Search(torch.zeros(3, 1), lambda p, n: (p - target[n]).square().sum(1), 100, 0.1)
    for step in range(100):
        search.step()
        if step == 50:
            search.keep(torch.tensor([0, 2]))
    assert search.numbers.tolist() == [0, 2]
    assert torch.allclose(search.best[0], target[0], atol=0.05) and search.lowest[1] < 1


def test_the_best_of_each_target():
    rows, lowest = torch.tensor([0, 1, 0, 1, 0]), torch.tensor([3.0, 1, 2, 5, 4])
    assert best_of(lowest, rows).tolist() == [2, 1]
    assert best_of(lowest, rows, 2).tolist() == [2, 0, 1, 3]


def test_the_steps_that_are_shown_divide_the_broad_ones():
    assert inversion.BROAD % 3 == 0
