"""`benchmarks.pen` in its smallest form."""

from __future__ import annotations

import pytest
from conftest import served
from translators import write_translators

from benchmarks import pen
from gan.ui.server.model_registry import ModelRegistry


@pytest.mark.slow
@pytest.mark.browser
def test_translations_are_counted_wherever_they_are_made(browser, tmp_path) -> None:
    folder = write_translators(tmp_path)[0]
    with served(ModelRegistry([folder]), plain=True) as url:
        found = pen.measure(browser, url, folder.name, seconds=0.5)
    assert list(found) == ["browser", "server"]
    assert all(1 < paints < 61 for paints in found.values()), found
