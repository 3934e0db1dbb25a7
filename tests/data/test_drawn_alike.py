"""`faces` and `scenes` are drawn alike, to the bit, at any time and by any processor."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from gan.data import faces, scenes

# Of faces 0 to 299 and scenes 0 to 199: what every machine must draw. A change in what is drawn changes the data of
# models that there are: make it knowingly.
CHECKSUMS = {"faces": 1079400475, "scenes": 2398895788}


def test_they_are_the_same_as_ever():
    found = {"faces": zlib.crc32(faces.draw(np.arange(300))), "scenes": zlib.crc32(scenes.draw(np.arange(200)))}
    assert found == CHECKSUMS


@pytest.mark.slow
@pytest.mark.parametrize("without", ["AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL", "AVX2 FMA3"])
def test_they_are_the_same_without_the_processor_s_newer_instructions(without):
    code = (
        "import zlib, numpy as np; from gan.data import faces, scenes; "
        "print(zlib.crc32(faces.draw(np.arange(300))), zlib.crc32(scenes.draw(np.arange(200))))"
    )
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": without, "PYTHONWARNINGS": "ignore"}
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert [int(word) for word in run.stdout.split()] == [CHECKSUMS["faces"], CHECKSUMS["scenes"]]
