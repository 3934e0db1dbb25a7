"""`python -m gan.translate`, and the flags of `train.py` for translations."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import translation
from PIL import Image
from runs import refused

import gan
from gan import train, translate
from gan.presets import TRANSLATION
from gan.train_flags import parser, run_settings
from gan.training import loop
from gan.training.objectives import OBJECTIVES


def settings(*flags: str):
    return run_settings(parser().parse_args([*flags, "--out", "does-not-exist"]))[0]


def test_flags_of_two_sets_and_of_pairs():
    config = settings("--task", "translate", "--from", "emoji", "--to", "faces")
    assert (config.task, config.source, config.dataset, config.network) == ("translate", "emoji", "faces", "unet")
    assert (config.objective, config.content, config.gamma) == ("cycle", 10.0, TRANSLATION["gamma"])
    assert settings("--from", "emoji", "--to", "faces") == config
    pairs = settings("--pairs", "some/folder")
    assert (pairs.task, pairs.objective, pairs.source, pairs.dataset) == ("translate", "paired", "", "some/folder")
    assert pairs.identity == OBJECTIVES["paired"].customary["identity"]
    one_way = settings("--pairs", "beard", "--objective", "contrastive", "--content", "3")
    assert (one_way.objective, one_way.content, one_way.identity) == ("contrastive", 3.0, 1.0)
    paper = settings("--preset", "beard", "--objective", "contrastive")
    assert (paper.dataset, paper.change, paper.content) == ("beard", 0.5, 1.0)
    assert settings("--preset", "cyclegan").identity == 5.0
    assert settings("--preset", "beard", "--loss", "hinge").critic_norm == "spectral"


def test_runs_are_named_after_their_sides():
    def out(*flags: str) -> Path:
        return run_settings(parser().parse_args(list(flags)))[1]

    assert out("--from", "emoji", "--to", "path/to/mine") == Path("runs/emoji-to-mine")
    assert out("--pairs", "beard") == Path("runs/beard")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--pairs", "beard", "--from", "emoji"], "--pairs beard names both sides: leave out --from"),
        (["--pairs", "beard", "--to", "emoji"], "--pairs beard names both sides: leave out --to"),
        (["--pairs", "beard", "--task", "generate"], "--pairs are for --task translate"),
        (["--task", "generate", "--from", "emoji"], "set task to translate"),
        (["--task", "translate"], "unknown pairs 'emoji'"),
        (["--from", "emoji", "--to", "emoji"], "source and dataset are both emoji"),
        (["--from", "nowhere", "--to", "tiny"], "tiny holds pairs"),
        (
            ["--pairs", "tiny", "--network", "resnet"],
            "network must be one of unet, unet-palette, unet-borrowed, unet-informed, unet-patches, cyclegan",
        ),
        (["--pairs", "tiny", "--objective", "luck"], "objective must be one of cycle, removal, contrastive, paired"),
    ],
    ids=str,
)
def test_contradictions_are_refused_in_one_line(flags, message, capsys, tmp_path):
    assert message in refused(capsys, *flags, "--out", str(tmp_path / "run"))


def test_train_and_resume_from_the_command_line(capsys, tmp_path):
    out = str(tmp_path / "run")
    flags = ["--batch-size", "8", "--width", "16", "--precision", "fp32", "--device", "cpu", "--out", out]
    assert train.main(["--pairs", "tiny", "--objective", "cycle", "--images", "16", *flags]) == 0
    assert "A are 20 of them, B 20 others" in capsys.readouterr().out
    assert train.main(["--resume", out, "--images", "24"]) == 0
    assert "done: 24 images" in capsys.readouterr().out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from conftest import tiny_pairs

    from gan.data.pairs import PAIRS, PairSource

    out = tmp_path_factory.mktemp("models") / "one-way"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PAIRS, "tiny", PairSource(tiny_pairs, 28, "squares; brighter ones", "CC0-1.0"))
        list(loop.train(translation(objective="paired", learning_rate=0.003, ema_images=1), out))
    return out


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder with 35 pictures, one of them in a subfolder, and a file that is none."""
    root = tmp_path / "pictures"
    (root / "more").mkdir(parents=True)
    for i in range(34):
        Image.new("RGB", (28, 28), (3 * i, 100, 7)).save(root / f"{i:02}.png")
    Image.new("L", (50, 30), 40).save(root / "more" / "grey.jpg")
    (root / "broken.png").write_bytes(b"no picture")
    return root


def test_a_folder_is_translated_each_picture_under_its_name(folder, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert translate.main([str(folder), str(pictures), "--out", str(out), "--device", "cpu"]) == 1
    told = capsys.readouterr()
    assert told.out == f"35 pictures translated to b, 28 x 28, in {out}\n"
    assert "note: 1 picture cropped to a square and resized to 28 x 28" in told.err
    assert re.search(r"left out: .*broken.png: not a picture that can be read", told.err)
    assert len(list(out.rglob("*.png"))) == 35
    translator = gan.load(folder, "cpu")
    for name, made in (("05.png", "05.png"), ("more/grey.jpg", "more/grey.png")):
        expected = translator.translate([pictures / name])[0].astype(int)
        assert np.abs(np.asarray(Image.open(out / made)).astype(int) - expected).max() <= 1


def test_files_are_translated_and_enlarged(folder, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    files = [str(pictures / "00.png"), str(pictures / "01.png")]
    assert translate.main([str(folder), *files, "--out", str(out), "--scale", "3", "--device", "cpu"]) == 0
    assert Image.open(out / "01.png").size == (84, 84) and "left out" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pictures": "nowhere.png"}, "nowhere.png: no such file or folder"),
        ({"model": "nowhere"}, "nowhere: no such folder"),
        ({"rest": ["--to", "a"]}, "one-way translates to b only: leave out --to a"),
        ({"rest": ["--scale", "99"]}, "scale must be in [1, 32], got 99"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused_in_one_line(change, message, folder, pictures, tmp_path, capsys):
    words = [change.get("model", str(folder)), change.get("pictures", str(pictures)), "--out", str(tmp_path / "out")]
    assert translate.main([*words, *change.get("rest", [])]) == 1
    told = capsys.readouterr()
    assert told.out == "" and re.fullmatch(r"gan\.translate: error: [^\n]+\n", told.err) and message in told.err
    assert not (tmp_path / "out").exists()


def test_a_generator_and_doubled_names_are_refused(folder, pictures, tiny_folder, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert translate.main([str(tiny_folder), str(pictures), "--out", out]) == 1
    assert "generates pictures and translates none" in capsys.readouterr().err
    twice = [str(pictures / "00.png"), str(pictures)]
    assert translate.main([str(folder), *twice, "--out", out, "--device", "cpu"]) in (0, 1)  # the same file, once
    (pictures / "more" / "00.jpg").write_bytes((pictures / "00.png").read_bytes())
    assert translate.main([str(folder), str(pictures / "00.png"), str(pictures / "more" / "00.jpg"), "--out", out]) == 1
    assert "several pictures would be written as 00.png" in capsys.readouterr().err
