"""`gan.models.kept_names`: names of directions after training further."""

from __future__ import annotations

import pytest
import torch
from conftest import small

from gan.models.directions import Directions, Slider, read_directions, without_names, write_directions
from gan.models.kept_names import keep_names
from gan.training import export_model, loop


def directions(*sliders: Slider) -> Directions:
    principal = torch.eye(16, 100)
    rows = [
        principal[abs(s.principal) - 1] * (1 if s.principal > 0 else -1) if s.principal else torch.ones(100) / 10
        for s in sliders
    ]
    named = torch.stack(rows) if rows else torch.empty(0, 100)
    return Directions(principal, torch.ones(16), named, tuple(sliders), ("slant",) + ("",) * 15)


OLD = directions(Slider("smile", principal=2), Slider("age", principal=-3), Slider("odd", principal=5), Slider("warm"))


def test_a_name_by_hand_goes_to_the_direction_that_is_still_alike_and_others_are_told():
    principal = torch.eye(16, 100)
    principal[[0, 1, 2]] = principal[[1, 2, 0]]  # 2 is 1 now, 3 is 2
    principal[1] *= -1.5
    principal[4] = torch.ones(100)
    new, by_hand, measured = keep_names(OLD, without_names(principal, torch.ones(16)))
    assert [(s.name, s.principal) for s in new.sliders] == [("smile", 1), ("age", 2)]
    assert torch.equal(new.named, principal[[0, 1]]) and new.beside == ()
    assert (by_hand, measured) == (["odd"], ["warm"])
    assert torch.allclose(new.named[1], 1.5 * OLD.named[1])  # the way it went before


def test_weights_that_did_not_change_keep_everything():
    new, by_hand, measured = keep_names(OLD, without_names(OLD.principal + 1e-7, OLD.variance))
    assert new.sliders == OLD.sliders and new.beside == OLD.beside and torch.equal(new.named, OLD.named)
    assert by_hand == measured == []


@pytest.mark.slow
def test_training_further_says_which_sliders_are_gone_and_keeps_those_by_hand(tmp_path, monkeypatch, read_once):
    found = torch.eye(16, 100)
    monkeypatch.setattr(export_model, "principal_directions", lambda *_, **__: (found.clone(), torch.ones(16)))
    list(loop.train(small(images=32), tmp_path / "run"))
    write_directions(tmp_path / "run" / "directions.safetensors", OLD)
    found[4] = 1.0
    *_, done = loop.train(small(images=48), tmp_path / "run", resume=True)
    assert len(done.notes) == 2 and "the sliders warm were those of the weights before" in done.notes[0]
    assert f"python -m gan.evaluate {tmp_path / 'run'} --only-sliders" in done.notes[0]
    assert "named odd" in done.notes[1] and "--name-direction N=odd" in done.notes[1]
    kept = read_directions(tmp_path / "run" / "directions.safetensors", 100)
    assert [(s.name, s.principal) for s in kept.sliders] == [("smile", 2), ("age", -3)]
    assert '"smile"' in (tmp_path / "run" / "metrics.json").read_text()
    assert "| smile | all | 2 by hand |" in (tmp_path / "run" / "README.md").read_text()
    *_, done = loop.train(small(images=64), tmp_path / "run", resume=True)
    assert done.notes == ()
