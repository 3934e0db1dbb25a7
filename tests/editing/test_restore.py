"""`gan.editing.restore` and `python -m gan.restore`: what is seen stays, what is hidden is found or varied."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from small_models import untrained

from gan import restore as command
from gan.editing.operators import OPERATORS, operator
from gan.editing.restore import _mean, restore, restoring
from gan.editing.usual_tools import median, non_local_means
from gan.models.heads import Head
from gan.models.inversion import Starts, begin
from gan.models.model import Model
from gan.networks.encoder import Encoder


@pytest.fixture(scope="module")
def model() -> Model:
    return untrained()


@pytest.fixture(scope="module")
def truth(model) -> np.ndarray:
    return model.sample([1, 2], ["b", "c"])


@pytest.fixture(scope="module")
def x(truth) -> torch.Tensor:
    return torch.from_numpy(truth).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def decibels(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(np.square((a / 255.0) - b / 255.0).mean()))


@pytest.mark.parametrize("task", [task for task in OPERATORS if task != "grey"])
def test_pictures_of_the_model_come_back(model, truth, x, task):
    lost = operator(task, 28, 1, strength=0.2 if task == "noise" else None)
    found = restore(model, lost.spoil(x), lost, starts=4, steps=24)
    answers = 4 if task == "hole" else 1
    assert found.pictures.shape == (2, answers, 28, 28, 1) and found.latents.shape == (2, answers, 6)
    assert decibels(found.pictures[:, 0], truth) > 24
    assert (np.diff(found.errors, axis=1) >= 0).all(), "first what fits best"


def test_what_is_seen_around_a_hole_stays_exactly_and_answers_differ(model, truth, x):
    mask = np.zeros((28, 28), bool)
    mask[8:24, 4:24] = True
    lost = operator("hole", 28, 1, mask=mask)
    found = restore(model, lost.spoil(x), lost, starts=3, steps=4)
    assert (found.pictures[:, :, ~mask] == truth[:, None][:, :, ~mask]).all()
    assert (found.pictures[:, 0] != found.pictures[:, 1]).any()


def test_colours_of_grey_pictures_are_several_and_leave_the_grey():
    model = untrained((), channels=3)
    truth = torch.from_numpy(model.sample([1])).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    lost = operator("grey", 28, 3)
    found = restore(model, lost.spoil(truth), lost, starts=2, steps=6)
    assert found.pictures.shape == (1, 2, 28, 28, 3) and found.classes is None


def test_the_way_is_shown_and_a_known_class_is_kept(model, x):
    lost = operator("hole", 28, 1)
    y = model.class_weights([0, 0], ["b", "c"])
    way = list(restoring(model, lost.spoil(x), lost, starts=2, steps=13, y=y))
    assert [found.steps for found in way] == [6, 12, 13]
    assert (way[-1].classes.argmax(2) == torch.tensor([[1, 1], [2, 2]])).all()
    assert way[-1].errors.min(1).max() <= way[0].errors.min(1).max() + 1e-3


def test_of_eight_answers_two_are_what_the_encoder_sees(truth, x):
    model = untrained()
    torch.manual_seed(0)
    model.encoder = Head(Encoder(model.config).eval().requires_grad_(False), {})
    lost = operator("hole", 28, 1)
    seen = lost.spoil(x)
    sees = begin(model, lost.guess(seen))
    with torch.no_grad():
        made = lost.apply(model.generator(sees.z, sees.y))
    errors = (made - seen[sees.rows]).square().mean((1, 2, 3)).view(2, -1)
    for film in restoring(model, seen, lost, starts=8, steps=7):
        for row, best in enumerate(errors.argsort(1)[:, :2].tolist()):
            expected = sees.z.view(2, -1, 6)[row, best]
            same = (film.latents[row][:, None] - expected).abs().amax(2) < 1e-5
            assert same.any(0).all() and same.sum() == 2  # wherever they stand, and the others were looked for
    assert film.latents.shape == (2, 8, 6) and film.classes.shape == (2, 8, 3)
    (one,) = restore(model, seen[:1], lost, starts=8, steps=3, answers=1).latents
    assert not torch.equal(one[0], sees.z.view(2, -1, 6)[0, errors[0].argmin()]), "one answer is looked for"


def test_a_class_that_the_encoder_rules_out_is_not_answered(x, monkeypatch):
    model = untrained()
    model.encoder = Head(Encoder(model.config).eval().requires_grad_(False), {})
    lost = operator("hole", 28, 1)
    sure = torch.tensor([[0.0, 5.0, 0.0], [3.0, 0.0, 2.0]])  # of the second picture two classes, one in four the third

    def classify(features):
        return sure

    monkeypatch.setattr(model.encoder.network, "classify", classify)
    for film in restoring(model, lost.spoil(x), lost, starts=8, steps=7):
        first, second = film.classes.argmax(2)
        assert (first == 1).all() and set(second.tolist()) == {0, 2}
    known = restore(model, lost.spoil(x), lost, starts=4, steps=2, y=model.class_weights([0, 0], ["a", "b"]))
    assert known.classes.argmax(2).tolist() == [[0] * 4, [1] * 4], "what is said is not asked"


class Squares(torch.nn.Module):
    """Draws a latent (N, 1) as a picture of 2 x 2 pixels of that grey, and its first map is the same."""

    def unfold(self, z, y=None):
        return z[..., None, None]

    def draw(self, maps, z, y=None):
        return maps.expand(-1, -1, 2, 2)


def test_one_answer_is_the_mean_of_what_was_found_and_counts_what_is_wrong_less(model):
    drawn = type("Drawn", (), {"generator": Squares(), "device": torch.device("cpu")})()
    # Of the first picture, 0, one is off by .1 and one by .1 * 2 ** .5, twice as wrong; of the second there is one.
    found = Starts(torch.tensor([[0.1], [-0.1 * 2**0.5], [0.7]]), None, torch.tensor([0, 0, 1]))
    target = torch.tensor([0.0, 0.5]).view(2, 1, 1, 1).expand(-1, -1, 2, 2)

    def residual(made, rows):
        return (made - target[rows]).flatten(1)

    held = _mean(drawn, found, residual, 1e6)
    share = 1 / (1 + np.exp(-1))
    assert held[:, 0, 0, 0].tolist() == pytest.approx([0.1 * share - 0.1 * 2**0.5 * (1 - share), 0.7], abs=1e-3)
    assert torch.allclose(held, held[:, :, :1, :1].expand(-1, -1, 2, 2))
    bent = _mean(drawn, found, residual, 1e-6)
    assert (bent - target).abs().max() < 0.02, "what is seen is reached where nothing holds the map back"


def test_one_answer_is_nearer_than_any_of_several_and_says_how_far_it_is_off(model, truth, x):
    lost = operator("shrink", 28, 1)
    seen = lost.spoil(x)
    one, several = (restore(model, seen, lost, starts=6, steps=8, answers=count) for count in (1, 6))
    assert one.pictures.shape == (2, 1, 28, 28, 1) and one.latents.shape == (2, 1, 6)
    nearest = [max(decibels(several.pictures[row, k], truth[row]) for k in range(6)) for row in range(2)]
    assert all(decibels(one.pictures[row, 0], truth[row]) > nearest[row] for row in range(2))
    assert (one.errors[:, 0] < several.errors[:, 0]).all()


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"starts": 65}, {"starts": 2, "answers": 3}])
def test_wrong_numbers_are_named(model, x, wrong):
    with pytest.raises(ValueError, match=f"{list(wrong)[-1]} must be a whole number"):
        restore(model, x, operator("blur", 28, 1), **wrong)


def test_filters_to_compare_with_take_noise_away():
    clean = torch.zeros(1, 1, 24, 24)
    clean[..., 12:] = 1
    noisy = clean + 0.2 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    for filtered in (median(noisy), non_local_means(noisy, 0.2)):
        assert (filtered - clean).square().mean() < 0.4 * (noisy - clean).square().mean()
    assert torch.equal(median(clean), clean)


def test_the_command_restores_a_folder(tiny_folder, tmp_path, capsys):
    pictures, mask = tmp_path / "in", np.zeros((28, 28), np.uint8)
    pictures.mkdir()
    given = np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)
    Image.fromarray(given).save(pictures / "a.png")
    (pictures / "b.png").write_bytes(b"no picture")
    mask[14:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    few = ["--starts", "2", "--steps", "2", "--out", str(tmp_path / "out")]
    flags = [str(tiny_folder), str(pictures), "--task", "hole", "--mask", str(tmp_path / "mask.png"), *few]
    assert command.main(flags) == 1  # because of b.png
    told = capsys.readouterr()
    assert "1 picture restored" in told.out and "b.png: not a picture" in told.err
    made = [np.asarray(Image.open(tmp_path / "out" / f"a-{k}.png")) for k in (1, 2)]
    assert all((one[:14] == given[:14]).all() for one in made)
    small = [str(tiny_folder), str(pictures / "a.png"), "--task", "shrink", "--strength", "2", *few]
    assert command.main(small) == 0 and (tmp_path / "out" / "a.png").is_file()
    assert command.main([*small, "--try"]) == 0 and "dB from the truth" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--task", "grey"], "no colours to bring back"),
        (["--task", "blur", "--strength", "9"], "strength of blur must be in"),
        (["--task", "blur", "--label", "eleven"], "label must be None"),
        (["--task", "hole", "--mask", "nothing.png"], "nothing.png: not a mask that can be read"),
        (["--task", "blur", "--steps", "0"], "steps must be a whole number"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line(tiny_folder, tmp_path, capsys, flags, message):
    Image.new("L", (28, 28)).save(tmp_path / "a.png")
    assert command.main([str(tiny_folder), str(tmp_path / "a.png"), "--out", str(tmp_path / "out"), *flags]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("gan.restore: error: ")]
    assert len(lines) == 1 and message in lines[0]
