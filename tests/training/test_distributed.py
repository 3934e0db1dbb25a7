"""`gan.training.distributed`: two processes make the same run as one, and only the first writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
import torch.distributed as dist
from conftest import assert_same
from distributed_worker import CASES, SAMPLES, train_case
from safetensors.torch import load_file

from gan import train, train_flags
from gan.errors import ConfigError, TrainingError
from gan.training import best
from gan.training.distributed import ProcessGroup, check_batch, join

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--preset", "smoke", "--images", "320", "--precision", "fp32", "--device", "cpu", "--augment", "color,translation",
    "--penalty", "gp", "--accumulate", "2", "--optimizer", "sgd", "--learning-rate", "0.01", "--anneal", "0",
    "--measure-images", "320",
]  # fmt: skip


class TwoProcesses(NamedTuple):
    """Results of two processes. folder: the tensors of every case and rank, and `run`, a model folder."""

    folder: Path
    stdout: str


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory) -> TwoProcesses:
    """Let two processes train every case, and then run `train.py`."""
    folder = tmp_path_factory.mktemp("two-processes")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    worker = ["tests/distributed_worker.py", str(folder), *FLAGS, "--out", str(folder / "run")]
    ended = subprocess.run(
        [*torchrun, *worker], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return TwoProcesses(folder, ended.stdout)


def assert_close(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor], case: str) -> None:
    """Two runs' tensors are equal to rounding."""
    for name, value in expected.items():
        # Root mean squares: an activation near 0 that rounds to the other side of a leaky ReLU moves one entry by more.
        far, size = (tensor.double().square().mean().sqrt() for tensor in (found[name] - value, value))
        assert far <= 1e-5 + 1e-4 * size, f"{case}, {name}: {far} of {size}"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_processes_match_one_to_rounding_over_20_steps_and_one_of_them_writes(two_processes, tmp_path, monkeypatch):
    monkeypatch.setattr(best, "SAMPLES", SAMPLES)
    assert train.main([*FLAGS, "--out", str(tmp_path / "one")]) == 0
    assert two_processes.stdout.count("done: 320 images") == 1
    folders = (tmp_path / "one", two_processes.folder / "run")
    one, two = (load_file(folder / "checkpoint" / "state.safetensors") for folder in folders)
    assert_close(two, one, "train.py")
    steps = [json.loads(line) for line in (folders[1] / "log.jsonl").read_text().splitlines()]
    events = [s["event"] for s in steps]
    assert events.count("done") == events.count("evaluated") == 1 and steps[-1]["shown"] == 320


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_processes_match_one_with_batch_normalisation_and_dropout_too(two_processes):
    for name in CASES:
        before, expected = train_case(name, ProcessGroup())
        first, second = (load_file(two_processes.folder / f"{name}-{rank}.safetensors") for rank in range(2))
        assert_same(first, second)
        assert_close(first, expected, name)
        weights = [k for k in before if "optimizer" not in k and "num_batches" not in k]
        assert max((expected[k] - before[k]).abs().max() for k in weights) > 1e-3, name


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_what_is_asked_once_is_known_in_both(two_processes):
    assert [(two_processes.folder / f"shared-{rank}").read_text() for rank in range(2)] == ["0", "0"]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_keeps_the_group_alive_at_the_end(two_processes):  # its threads would abort Python's shutdown
    assert [(two_processes.folder / f"group-{rank}").read_text() for rank in range(2)] == ["gone", "gone"]


class Threads(ProcessGroup):
    """A process group of two threads, which vote at a barrier."""

    def __init__(self, rank: int, votes: list[bool], barrier: threading.Barrier) -> None:
        super().__init__(rank, 2)
        object.__setattr__(self, "meet", (votes, barrier))

    def any(self, flag: bool) -> bool:
        votes, barrier = self.meet
        votes[self.rank] = flag
        barrier.wait(10)
        found = max(votes)
        barrier.wait(10)
        return found


@pytest.mark.parametrize("failing", [(), (0,), (1,), (0, 1)])
def test_a_failure_in_one_process_fails_all_and_none_waits(failing):
    votes, barrier, order = [False, False], threading.Barrier(2), []

    def work(rank: int) -> int:
        order.append(rank)
        if rank in failing:
            raise ConfigError(f"no good: {rank}")
        return 10 + rank

    def end(rank: int) -> int | Exception:
        try:
            return Threads(rank, votes, barrier).rank_zero_first(lambda: work(rank))
        except (ConfigError, TrainingError) as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(end, range(2)))
    if failing == (0,):
        with ThreadPoolExecutor(2) as pool:
            asked = list(pool.map(lambda rank: _error(Threads(rank, votes, barrier).from_rank_zero, work), range(2)))
        assert [type(error) for error in asked] == [ConfigError, TrainingError]
        order.pop()
    if not failing:
        assert ends == [10, 11] and order == [0, 1]
        return
    assert order == ([0] if 0 in failing else [0, 1])
    assert str(ends[failing[0]]) == f"no good: {failing[0]}"
    assert isinstance(ends[1 - failing[0]], TrainingError) and "another process" in str(ends[1 - failing[0]])


def _error(call, work) -> Exception | None:
    try:
        call(lambda: work(0))
    except (ConfigError, TrainingError) as error:
        return error


def test_alone_what_fails_is_raised_as_it_is():
    assert ProcessGroup().rank_zero_first(lambda: 3) == 3 == ProcessGroup().from_rank_zero(lambda: 3)
    with pytest.raises(ConfigError, match="mine"):
        ProcessGroup().rank_zero_first(lambda: (_ for _ in ()).throw(ConfigError("mine")))
    with pytest.raises(ConfigError, match="mine"):
        ProcessGroup().from_rank_zero(lambda: (_ for _ in ()).throw(ConfigError("mine")))


def test_alone_without_torchrun(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    processes = join()
    assert (processes.rank, processes.size) == (0, 1)
    assert processes.any(True) and not processes.any(False)
    batch = torch.arange(6)
    assert torch.equal(processes.own_rows(batch), batch)
    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.full((3,), 2.0)
    processes.average_gradients([p])
    assert torch.equal(p.grad, torch.full((3,), 2.0))


def test_parts_of_a_batch_make_it_up_in_order():
    batch = torch.arange(12).view(6, 2)
    assert torch.equal(torch.cat([ProcessGroup(rank, 3).own_rows(batch) for rank in range(3)]), batch)


@pytest.mark.parametrize(("size", "batch", "accumulate"), [(2, 15, 1), (3, 16, 1), (2, 16, 16)])
def test_uneven_shares_are_refused_with_what_would_do(size, batch, accumulate):
    with pytest.raises(ConfigError, match=f"batch_size must be a multiple of {size * accumulate} .*got {batch}"):
        check_batch(ProcessGroup(0, size), batch, accumulate)


@pytest.fixture
def gpus(monkeypatch):
    """Make a machine with two GPUs; return what is requested of torch there: [(backend, GPU if any), ...]."""
    requested, chosen = [], []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(dist, "is_initialized", lambda: False)
    monkeypatch.setattr(dist, "init_process_group", lambda backend: requested.append((backend, *chosen)))
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 4)
    for name, value in (("WORLD_SIZE", "4"), ("LOCAL_WORLD_SIZE", "2"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    return requested


@pytest.mark.parametrize(
    ("device", "expected"), [("auto", ("nccl", 1)), ("cuda", ("nccl", 1)), ("cpu", ("gloo",))], ids=str
)
def test_processes_are_joined_by_what_the_asked_device_has(gpus, device, expected):
    assert join(device) == ProcessGroup(1, 4) and gpus == [expected]


def test_more_processes_than_gpus_are_refused_with_the_cure(gpus, monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(ConfigError, match="3 processes on a machine with 2 GPUs: .*at most 2, or pass --device cpu"):
        join("auto")
    assert join("cpu").size == 4


def test_processes_are_joined_for_the_flags_or_the_run_that_goes_on(tiny_folder):
    def asked(*flags: str) -> str:
        return train_flags.device_of(train_flags.parser().parse_args(flags))

    assert (asked(), asked("--device", "cuda"), asked("--resume", "hub:a/b")) == ("auto", "cuda", "auto")
    assert asked("--resume", str(tiny_folder)) == "cpu"
    assert asked("--resume", str(tiny_folder), "--device", "cuda") == "cuda"
