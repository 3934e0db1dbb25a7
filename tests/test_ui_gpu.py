"""`gan.ui.gpu`: with no `spaces` module nothing changes; with a stand-in only walks go to the GPU."""

from __future__ import annotations

import importlib
import pickle
import sys
import types

import numpy as np
import pytest

from gan.ui import gpu
from gan.ui.session import Session


class StandIn(types.ModuleType):
    """The module of a Space that lends GPUs: arguments and results are pickled, as they are on the way to a worker."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.calls: list[tuple[str, int]] = []
        self.broken = False

    def GPU(self, duration: int):
        def decorate(function):
            def lent(*values):
                self.calls.append((function.__name__, duration))
                if self.broken:
                    raise RuntimeError("quota spent")
                return pickle.loads(pickle.dumps(function(*pickle.loads(pickle.dumps(values)))))

            return lent

        return decorate


@pytest.fixture
def spaces(monkeypatch):
    """A Space that lends GPUs."""
    module = StandIn()
    monkeypatch.setitem(sys.modules, "spaces", module)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    importlib.reload(gpu)
    yield module
    monkeypatch.undo()
    importlib.reload(gpu)


def test_without_the_module_nothing_is_lent(monkeypatch):
    monkeypatch.setitem(sys.modules, "spaces", None)  # as if it were not installed
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    importlib.reload(gpu)
    assert gpu.spaces is None and not gpu.lent()


def test_a_space_that_has_its_own_hardware_is_lent_none(spaces, monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU")
    assert not gpu.lent()


def test_walks_go_to_the_gpu_in_bounded_bursts_and_sliders_never(spaces, tiny_folder):
    session = Session([tiny_folder])
    walk = session.strip("tiny", [1, 2], 5, mode="lerp", truncation=0.5)
    assert spaces.calls == [("_strip", gpu.SECONDS)] and 0 < gpu.SECONDS <= 60
    session.picture("tiny", 1, sliders=[1.0])
    session.grid("tiny", [1, 2])
    assert len(spaces.calls) == 1
    assert str(session.model("tiny").device) == "cpu"
    expected = session.model("tiny").interpolate([1, 2], 5, mode="lerp", truncation=0.5)
    assert np.array_equal(walk, expected)


def test_when_no_gpu_is_to_be_had_the_cpu_does_it(spaces, tiny_folder):
    spaces.broken = True
    session = Session([tiny_folder])
    assert session.strip("tiny", [1, 2], 5).shape == (5, 28, 28, 1) and len(spaces.calls) == 1
