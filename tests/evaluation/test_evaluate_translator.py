"""`gan.evaluation.evaluate_translator` and its metrics: against values worked out by hand."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
import torch
from conftest import translation

from gan import evaluate
from gan.data import faces
from gan.errors import DataError
from gan.evaluation.evaluate_translator import evaluate_translator
from gan.evaluation.metrics import translated
from gan.evaluation.metrics.translated import TRANSLATION_METRICS, Translated
from gan.models.translator import load_translator
from gan.training.loop import train


def level(*values: int) -> torch.Tensor:
    """Pictures (N, 3, 28, 28) of one level each."""
    return torch.tensor(values, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 28, 28).contiguous()


def db(error: float) -> float:
    return 20 * math.log10(255 / error)


def comparison(**changes) -> Translated:
    values = {"inputs": level(10, 10), "translated": level(18, 26), "back": None, "truth": level(30, 30)}
    return Translated(**{**values, "real": level(30, 30), **changes})


def test_distances_to_the_truth_beside_doing_nothing():
    c = comparison()
    assert translated.psnr(c, "generated") == pytest.approx((db(12) + db(4)) / 2)
    assert translated.psnr(c, "untouched") == pytest.approx(db(20))
    assert translated.nearer(c, "generated") == 0.5
    assert translated.luminance_psnr(c, "generated") == pytest.approx((db(8) + db(16)) / 2)
    assert translated.psnr(comparison(translated=level(30, 30)), "generated") == 60


def test_what_should_change_and_what_should_stay_are_told_apart():
    inputs, truth, made = level(10), level(10), level(12)
    truth[..., :7] = 60
    made[..., :7] = 55
    c = comparison(inputs=inputs, truth=truth, translated=made)
    assert translated.psnr_changed(c, "generated") == pytest.approx(db(5))
    assert translated.psnr_kept(c, "generated") == pytest.approx(db(2))
    assert translated.psnr_changed(c, "untouched") == pytest.approx(db(50))
    assert translated.nearer(c, "generated") == 1


def test_colours_and_cycle():
    c = comparison(translated=level(30, 200), back=level(12, 13))
    assert translated.colour_distance(c, "generated") == pytest.approx(0.5)
    assert translated.colour_distance(comparison(real=level(10, 10), truth=None), "untouched") == 0
    assert translated.cycle_error(c, "generated") == pytest.approx(2.5)
    assert translated.cycle_error(comparison(), "generated") is None


def test_without_a_truth_nothing_is_compared_with_it():
    c = comparison(truth=None)
    for measure in (translated.psnr, translated.psnr_kept, translated.nearer, translated.accuracy, translated.frechet):
        assert measure(c, "generated") is None
    assert translated.worst(c, 1).tolist() == [0] and translated.worst(comparison(), 1).tolist() == [0]
    assert translated.worst(comparison(translated=level(29, 11)), 1).tolist() == [1]


class Reader:
    """A classifier that reads a picture's level."""

    def features(self, images):
        return images.float().flatten(1).mean(1, keepdim=True).repeat(1, 2)

    def predict(self, features):
        return (features[:, 0] > 20).long()


def test_a_classifier_of_b_judges_translations_inputs_and_truth():
    c = comparison(classifier=Reader(), labels=torch.tensor([1, 1]))
    assert translated.accuracy(c, "generated") == 0.5 and translated.accuracy(c, "untouched") == 0
    assert translated.accuracy_of_truth(c, "generated") == 1
    assert translated.frechet(comparison(), "generated") is None


def test_a_translation_is_not_compared_with_its_own_truth():
    values = {"inputs": level(0, 0, 0, 0), "truth": level(30, 40, 50, 70), "real": level(30, 40, 50, 70)}
    same = comparison(**values, classifier=Reader(), translated=level(50, 70, 0, 0))
    assert translated.frechet(same, "generated") == pytest.approx(0, abs=1e-6)
    between = translated.frechet(same, "truth")
    assert between > 100 and translated.frechet(same, "untouched") > between
    other = comparison(**values | {"truth": None}, extractor=Reader(), translated=level(30, 40, 50, 70))
    assert translated.frechet(other, "generated") == pytest.approx(0, abs=1e-6)
    assert translated.frechet(other, "truth") is None


def test_attributes_are_read_in_a_face_and_in_its_truth():
    def images(**changes):
        return torch.from_numpy(faces.draw(range(24), **changes)).permute(0, 3, 1, 2).contiguous()

    bare = images(beard="none")
    c = comparison(inputs=images(beard="full"), translated=bare, truth=bare, real=bare, faces=True)
    measured = {name: TRANSLATION_METRICS[name].record(name, c) for name in ("hair_as_truth", "beard_as_truth")}
    assert measured["beard_as_truth"]["beard_as_truth"] == 1
    assert measured["beard_as_truth"]["beard_as_truth_untouched"] < 0.1
    assert measured["hair_as_truth"]["hair_as_truth_untouched"] > 0.9
    others = TRANSLATION_METRICS["others_as_truth"].record("others_as_truth", c)
    assert others["others_as_truth"] == 1 and 0.6 < others["others_as_truth_untouched"] < 1
    assert TRANSLATION_METRICS["hair_as_truth"].record("hair_as_truth", comparison()) == {}


def test_a_model_is_measured_on_held_out_pairs_and_its_card_says_so(tmp_path, monkeypatch, capsys):
    out = tmp_path / "run"
    list(train(translation(), out))
    monkeypatch.setattr("sys.argv", ["evaluate", str(out), "--device", "cpu"])
    evaluate.main()
    printed, metrics = json.loads(capsys.readouterr().out), json.loads((out / "metrics.json").read_text())
    assert printed.items() <= metrics.items()
    assert metrics["translation_samples"] == 20 and metrics["translation_split"] == "test"
    assert metrics["psnr_untouched"] == pytest.approx(db(100))
    assert metrics["cycle_error"] >= 0 and "frechet_to_b" not in metrics
    card = (out / "README.md").read_text()
    assert metrics["to_a_psnr_untouched"] == metrics["psnr_untouched"] and metrics["to_a_cycle_error"] >= 0
    assert "| translated to B | left as it was | translated to A | left as it was |\n|---|---|---|---|---|\n" in card
    assert "| psnr |" in card and "20 pictures that training did not use" in card and "neighbours.png" in card
    assert "psnr" not in card.split("| measured by")[0]
    assert (out / "neighbours.png").is_file()


def test_sides_that_are_no_pairs_are_measured_without_a_truth(tmp_path):
    out = tmp_path / "run"
    list(train(translation(images=8), out))
    model = load_translator(out, "cpu")
    model.config = dataclasses.replace(model.config, source="fashion-mnist-10k", dataset="mnist-10k")
    with pytest.raises(DataError, match="'somewhere' are not at hand"):
        model.config = dataclasses.replace(model.config, source="somewhere")
        evaluate_translator(model)
    model.config = dataclasses.replace(model.config, source="", dataset="somewhere")
    with pytest.raises(DataError, match="the pairs 'somewhere' are not at hand"):
        evaluate_translator(model)


def test_two_sets_are_measured_by_distance_to_b_and_the_way_back(tmp_path):
    out = tmp_path / "run"
    config = translation(source="fashion-mnist-10k", dataset="mnist-10k", images=8)
    list(train(config, out))
    result = evaluate_translator(load_translator(out, "cpu"), samples=40)
    assert (
        "psnr" not in result
        and "to_a_cycle_error" not in result
        and result["cycle_error"] >= 0
        and result["translation_split"] == "train"
    )
    assert result["frechet_to_b"] == pytest.approx(result["frechet_to_b_untouched"], rel=0.5)


def test_every_metric_has_a_key_of_its_own():
    keys = [key for name, metric in TRANSLATION_METRICS.items() for key in metric.keys(name)]
    assert len(keys) == len(set(keys))
