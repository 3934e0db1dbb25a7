"""`train.py`: flags from the config, refusals in one line, and a run, stopped and resumed, as a user meets it."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import warm
from conftest import PLANE, small
from PIL import Image
from runs import FINISHED, refused
from safetensors.torch import load_file

from gan import train, train_flags
from gan.config import Config
from gan.data import DATASETS
from gan.data.folder import MIN_PICTURES
from gan.data.points import DISTRIBUTIONS
from gan.evaluation.loss_curve import read_losses
from gan.models.model import load
from gan.networks import NETWORKS, POINT_NETWORKS
from gan.presets import PRESETS
from gan.training import loop
from gan.training.control import Control
from gan.training.losses import LOSSES
from gan.training.optimizers import OPTIMIZERS
from gan.training.penalties import PENALTIES
from gan.training.trainer import Trainer
from gan.training.validation import prepare

ROOT = Path(train.__file__).resolve().parents[1]
FIELDS = [f for f in dataclasses.fields(Config) if not f.metadata.get("derived")]


def settings(*flags: str) -> tuple[Config, Path, bool]:
    return train_flags.run_settings(train_flags.parser().parse_args(flags))


# A run whose steps take milliseconds.
POINTS_FLAGS = tuple(word for name, value in PLANE.items() for word in (f"--{name.replace('_', '-')}", str(value)))


def started(*flags: str) -> warm.Program:
    """Start train.py in a process of its own, with this repository as its folder."""
    return warm.Program(["train.py", *flags])


def test_there_is_a_flag_for_every_field_that_the_data_does_not_decide():
    flags = {s for action in train_flags.parser()._actions for s in action.option_strings}
    expected = {"--" + f.name.replace("_", "-") for f in FIELDS} | {
        "--no-conditional",
        "--no-mirror",
        "--no-attributes",
    }
    hub = {"--push-to-hub", "--private", "--push-every", "--push-checkpoint", "--dry-run"}
    expected |= {f.metadata["also"] for f in FIELDS if "also" in f.metadata} | {"--pairs"}
    assert {"--from", "--to"} <= flags == expected | hub | {"-h", "--help", "--preset", "--out", "--resume"}
    assert "--channels" not in flags and "--classes" not in flags


def test_help_gives_each_flags_meaning_default_and_choices(capsys):
    with pytest.raises(SystemExit) as ended:
        train.main(["--help"])
    assert ended.value.code == 0
    words = " ".join(capsys.readouterr().out.split())
    for f in FIELDS:
        assert " ".join(f.metadata["help"].split()) in words
        anew = "; may be given anew with --resume" if f.metadata.get("resumable") else ""
        assert f"(default: {f.default}{anew})" in words
    for names in (DATASETS, NETWORKS, LOSSES, PENALTIES, OPTIMIZERS):
        assert ", ".join(names) in words
    assert all(name in words for name in PRESETS)


def test_preset_gives_its_config_and_folder(subtests):
    for name in PRESETS:
        with subtests.test(name=name):
            config, out, resume = settings("--preset", name, "--out", "does-not-exist")
            assert (config, out, resume) == (Config(**PRESETS[name]), Path("does-not-exist"), False)


def test_flags_change_a_preset():
    config, *_ = settings("--preset", "smoke", "--images", "7", "--gamma", "0", "--out", "does-not-exist")
    assert config == Config(**{**PRESETS["smoke"], "images": 7, "gamma": 0.0})


def test_a_loss_brings_what_its_paper_uses_unless_other_flags_say_otherwise():
    config, *_ = settings("--loss", "wgan-gp", "--critic-steps", "2", "--out", "does-not-exist")
    assert (config.penalty, config.gamma, config.critic_steps) == ("gp", 10.0, 2)
    config, *_ = settings("--preset", "classic-dcgan", "--loss", "wgan", "--out", "does-not-exist")
    assert (config.penalty, config.clip, config.critic_steps, config.learning_rate) == ("none", 0.01, 5, 2e-4)


def test_switches_have_two_flags(subtests):
    for flag in [True, False]:
        with subtests.test(flag=flag):
            assert settings("--conditional" if flag else "--no-conditional", "--out", "none")[0].conditional is flag


def test_no_flags_are_the_defaults(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert settings() == (Config(), Path("runs/emoji"), False)
    assert settings("--preset", "smoke")[1] == Path("runs/smoke")
    assert settings("--dataset", "../pictures/cats/")[1] == Path("runs/cats")


def test_bad_value_is_refused_in_one_line_with_the_cure(capsys, tmp_path, subtests):
    for flags, message in [
        (["--network", "vit"], f"network must be one of {', '.join(NETWORKS | POINT_NETWORKS)}, got 'vit'"),
        (["--loss", "gan"], f"loss must be one of {', '.join(LOSSES)}, got 'gan'"),
        (["--penalty", "r3"], f"penalty must be one of {', '.join(PENALTIES)}, got 'r3'"),
        (["--optimizer", "lion"], f"optimizer must be one of {', '.join(OPTIMIZERS)}, got 'lion'"),
        (["--augment", "blur"], "augment must be none, or some of color,translation,cutout, got 'blur'"),
        (["--network", "dcgan", "--critic-norm", "batch"], "penalty r1+r2 needs each logit to depend on its own"),
        (["--critic-norm", "batch"], "the critic of resnet does not support: set network to mlp or dcgan"),
        (["--loss", "wgan", "--critic-norm", "spectral"], "set clip to 0, or critic_norm to none"),
        (["--loss", "wgan-gp", "--clip", "0.1"], "clip and penalty gp both bound the critic's slope"),
        (["--accumulate", "3"], "accumulate must divide batch_size, got 3 and 16"),
        (["--dataset", "ring"], "ring is made of points, not pictures"),
        (["--dataset", "mnist-10k", "--network", "points"], "dataset must be one of ring, grid"),
        (["--dataset", "ink:AAAA", "--network", "points"], "got 3 bytes: draw it again"),
        (["--dataset", "cifar"], "unknown data set 'cifar': pass one of " + ", ".join(DATASETS)),
        (["--dataset", "cifar"], "or, with --network points, one of " + ", ".join(DISTRIBUTIONS)),
        (["--network", "dcgan", "--accumulate", "16"], "accumulate must be at most 8 for batch_size 16, got 16"),
        (["--loss", "wgan-gp", "--penalty", "none"], "loss wgan-gp has no bound on the critic"),
        (["--gamma", "nan"], "gamma must be in [0.0, 10000.0], got nan"),
        (["--batch-size", "1"], "batch_size must be in [2, 65536], got 1"),
        (["--resolution", "48"], "resolution must be one of 28, 32, 64, 128, 256, got 48"),
        (["--device", "tpu"], "device must be auto, cpu or cuda, got 'tpu'"),
        (["--precision", "fp8"], "precision must be one of auto, bf16, fp32"),
    ]:
        with subtests.test(flags=flags):
            out = tmp_path / "run"
            assert message in refused(capsys, "--preset", "smoke", *flags, "--out", str(out))
            assert not out.exists()


def test_bad_flag_is_refused_by_the_parser(capsys, subtests):
    for flags in [["--images", "many"], ["--preset", "imagenet"], ["--layers", "3"]]:
        with subtests.test(flags=flags):
            with pytest.raises(SystemExit) as ended:
                train.main(flags)
            assert ended.value.code == 2
            err = capsys.readouterr().err
            assert "error: " in err and "Traceback" not in err
            assert flags[0] != "--preset" or all(name in err for name in PRESETS)


@pytest.mark.parametrize("name", ["checkpoint", "checkpoint.old"])
def test_existing_run_is_not_overwritten(capsys, tmp_path, name):
    (tmp_path / name).mkdir()
    message = refused(capsys, "--preset", "smoke", "--out", str(tmp_path))
    assert f"{tmp_path} already holds a run: continue it with --resume {tmp_path}" in message
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_run_that_ended_before_its_first_checkpoint_is_begun_anew(capsys, tmp_path):
    """Killed while it wrote the first one: there is nothing to go on from, and nothing to lose."""
    (tmp_path / "log.jsonl").write_text('{"event": "started", "shown": 0}\n')
    (tmp_path / "checkpoint.new").mkdir()
    (tmp_path / "checkpoint.new/state.safetensors.new").write_bytes(b"half")
    assert "no checkpoint to resume from: start the run anew, with --out" in refused(capsys, "--resume", str(tmp_path))
    train_flags.check_free(tmp_path)
    list(loop.train(small(), tmp_path))
    assert not (tmp_path / "checkpoint.new").exists()
    assert read_losses(tmp_path / "log.jsonl")[-1][0] == 64


def test_existing_model_is_not_overwritten(capsys, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"precious")
    assert "already holds files: choose another --out" in refused(capsys, "--preset", "smoke", "--out", str(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_out_that_is_a_file_is_refused(capsys, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "file" in refused(capsys, "--preset", "smoke", "--out", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"


def test_resume_contradicts_out_and_preset(capsys, tiny_folder, subtests):
    for extra in [["--out", "x"], ["--preset", "smoke"]]:
        with subtests.test(extra=extra):
            assert "leave out --out and --preset" in refused(capsys, "--resume", str(tiny_folder), *extra)


def test_resume_keeps_what_decides_the_weights(capsys, tiny_folder, subtests):
    for flags in [
        ["--seed", "1"],
        ["--network", "mlp"],
        ["--batch-size", "8"],
        ["--width", "32"],
        ["--dataset", "emoji"],
    ]:
        with subtests.test(flags=flags):
            assert f"{flags[0]} cannot change in a resumed run" in refused(capsys, "--resume", str(tiny_folder), *flags)


def test_resume_takes_the_folders_settings_and_what_may_change(tiny_folder):
    flags = ["--images", "128", "--learning-rate", "1e-4", "--gamma", "3", "--augment", "color"]
    config, out, resume = settings("--resume", str(tiny_folder), *flags)
    assert (out, resume) == (tiny_folder, True)
    before = load(tiny_folder, "cpu").config
    assert config == dataclasses.replace(before, images=128, learning_rate=1e-4, gamma=3.0, augment="color")
    _, dataset = prepare(before)
    trainer = Trainer(config, dataset)
    trainer.restore(tiny_folder / "checkpoint")
    assert trainer.shown == before.images


def test_a_run_goes_on_with_its_folder_of_pictures_wherever_that_is_now(capsys, tmp_path):
    home, out = tmp_path / "cats", tmp_path / "run"
    home.mkdir()
    for i in range(MIN_PICTURES):
        Image.new("RGB", (32, 32), (i, 2 * i, 99)).save(home / f"{i:02}.png")
    flags = ["--preset", "smoke", "--images", "32", "--device", "cpu", "--dataset", str(home), "--out", str(out)]
    assert train.main(flags) == 0
    moved = home.rename(tmp_path / "moved")
    capsys.readouterr()
    assert f"unknown data set '{home}'" in refused(capsys, "--resume", str(out), "--images", "48")
    assert train.main(["--resume", str(out), "--images", "48", "--dataset", str(moved)]) == 0
    assert json.loads((out / "checkpoint" / "state.json").read_text())["config"]["dataset"] == str(moved)
    Image.new("RGB", (32, 32), "white").save(moved / "00.png")
    capsys.readouterr()
    assert "made from other pictures" in refused(capsys, "--resume", str(out), "--images", "64")


def test_resume_of_nothing_is_refused(capsys, tmp_path):
    assert "no checkpoint to resume from" in refused(capsys, "--resume", str(tmp_path / "nowhere"))


def test_smoke_preset_from_end_to_end(tmp_path):
    out = tmp_path / "smoke"
    before = os.times()
    command = [sys.executable, "train.py", "--preset", "smoke", "--device", "cpu", "--out", str(out)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    output, err, after = run.stdout, run.stderr, os.times()
    assert run.returncode == 0, err
    # Of the processor, not of the clock: others may use the machine.
    assert after.children_user + after.children_system - before.children_user - before.children_system < 30
    assert "done: 1,024 images" in output and str(out) in output
    assert "Traceback" not in err
    assert {p.name for p in out.iterdir()} >= FINISHED
    assert [p.name for p in sorted((out / "samples").iterdir())] == ["0000000512.png", "0000001024.png"]
    model = load(out, "cpu")
    assert dataclasses.replace(model.config, **dict.fromkeys(("resolution", "channels"), 0), classes=()) == Config(
        **PRESETS["smoke"], device="cpu"
    )
    assert model.sample(range(2)).std() > 1
    assert (
        "--preset" not in (out / "README.md").read_text() and "--dataset mnist-10k" in (out / "README.md").read_text()
    )


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_and_resume_goes_on_to_the_end(tmp_path, number, status):
    """Ctrl-C, the time limit of a cluster or `docker stop`, a closed terminal."""
    out = tmp_path / "my run"
    flags = (*POINTS_FLAGS, "--images", "100000000", "--out", str(out))
    with started(*flags) as process:
        log, deadline = out / "log.jsonl", time.monotonic() + 60
        while not (log.exists() and '"stepped"' in log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        if number == signal.SIGTERM:  # schedulers repeat it
            process.send_signal(number)
        output, err = process.communicate()
        assert process.poll() == status, err
    assert "Traceback" not in err
    assert f"continue with: python train.py --resume '{out}'" in output
    assert {p.name for p in out.iterdir()} >= FINISHED
    shown = json.loads((out / "checkpoint" / "state.json").read_text())["shown"]
    assert shown > 0 and f"stopped: {shown:,} images" in output
    model = load(out, "cpu")

    assert train.main(["--resume", str(out), "--images", str(shown + 64)]) == 0
    assert json.loads((out / "checkpoint" / "state.json").read_text())["shown"] == shown + 64
    after = load_file(out / "model.safetensors")
    assert any(not after[k].equal(v) for k, v in model.generator.state_dict().items())


def test_a_handler_of_ctrl_c_is_put_back(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    assert train.main(["--preset", "smoke", "--images", "32", "--device", "cpu", "--out", str(tmp_path / "run")]) == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_only_the_first_ctrl_c_after_the_start_stops_gracefully():
    control = Control()
    with train.Interrupts(control) as interrupts:
        with pytest.raises(KeyboardInterrupt):  # there is nothing to save yet
            signal.raise_signal(signal.SIGINT)
        interrupts.graceful = True
        signal.raise_signal(signal.SIGINT)
        assert control.next() is None
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_sigterm_before_there_is_anything_to_save_quits_and_later_ones_only_remind(monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    control = Control()
    with train.Interrupts(control) as interrupts:
        with pytest.raises(KeyboardInterrupt):
            interrupts._handle(signal.SIGTERM, None)
        interrupts.graceful = True
        interrupts._handle(signal.SIGTERM, None)
        interrupts._handle(signal.SIGTERM, None)
        assert control.next() is None and interrupts.status == 128 + signal.SIGTERM
        with pytest.raises(KeyboardInterrupt):
            interrupts._handle(signal.SIGINT, None)
        interrupts.everything_is_saved()
        with pytest.raises(KeyboardInterrupt):
            interrupts._handle(signal.SIGTERM, None)


def test_a_signal_that_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with train.Interrupts(Control()):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_run_whose_output_nobody_takes_is_stopped_and_saved(tmp_path):
    """As by `| head -1`, or a terminal that is gone."""
    out = tmp_path / "run"
    flags = (*POINTS_FLAGS, "--images", "100000000", "--sample-images", "8000", "--out", str(out))
    with started(*flags) as process:
        assert "points" in process.stdout.readline()
        process.stdout.close()
        assert process.wait() == 130, process.stderr.read()
        assert not process.stderr.read().count("Traceback")
    assert json.loads((out / "checkpoint" / "state.json").read_text())["shown"] > 0


def test_a_full_disk_names_the_file_and_how_to_go_on(tmp_path, monkeypatch, capsys):
    out, real = tmp_path / "my run", os.fsync

    def full(number):
        if "0000000064.png" in os.readlink(f"/proc/self/fd/{number}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(number)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc on this system")
    monkeypatch.setattr(os, "fsync", full)
    flags = ["--preset", "smoke", "--device", "cpu", "--images", "64", "--checkpoint-images", "32"]
    assert train.main([*flags, "--sample-images", "64", "--out", str(out)]) == 1
    err = capsys.readouterr().err.splitlines()[-1]
    assert err.startswith(f"train.py: error: {out}/samples/0000000064.png: the disk is full: make room on it; then ")
    assert err.endswith(f"continue with: python train.py --resume '{out}'")
    assert not list((out / "samples").iterdir())
    monkeypatch.undo()
    assert train.main(["--resume", str(out), "--images", "80"]) == 0


def test_the_classes_are_told(capsys, tmp_path):
    assert train.main(["--preset", "smoke", "--images", "16", "--device", "cpu", "--out", str(tmp_path / "a")]) == 0
    assert "mnist-10k: 10,000 pictures at 28 px, 10 classes; " in capsys.readouterr().out


def test_quitting_saves_nothing_and_says_where_the_last_checkpoint_is(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        signal.raise_signal(signal.SIGINT)
        yield

    monkeypatch.setattr(loop, "train", interrupted)
    before, out = signal.getsignal(signal.SIGINT), tmp_path / "run"
    assert train.run(small(), out, False) == 130
    assert f"quit without saving; the last checkpoint, if any, is in {out / 'checkpoint'}" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before and not out.exists()


def test_training_needs_no_gradio():
    code = (
        "import sys, gan.training.loop; from gan import train; train.parser(); import gan.data, gan.models.model; "
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('gradio', 'fastapi') or m.startswith('gan.ui')))"
    )
    assert warm.run(["-c", code]) == (0, "[]\n", "")


def test_a_run_stopped_before_its_first_step_names_no_model(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Control, "next", lambda self: None)
    out = tmp_path / "run"
    assert train.run(small(), out, False) == 130
    output = capsys.readouterr().out
    assert f"nothing was saved; start again with --out {out}" in output and "model in" not in output
    monkeypatch.undo()
    assert train.main(["--preset", "smoke", "--out", str(out), "--images", "16", "--device", "cpu"]) == 0
