"""axe, which finds what keeps a page from those who cannot see it well or use no mouse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

AXE = Path(__file__).resolve().parents[1] / "node_modules/axe-core/axe.min.js"
FINDINGS = """async (options) => {
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity);
  await Promise.allSettled(ending.map(({ finished }) => finished));
  const { tab, ...rest } = options;
  const include = [["#ll-header"], ["#ll-tabs > .tab-wrapper"], [`#tab-${tab}`]];
  const { violations } = await axe.run({ include }, { resultTypes: ["violations"], ...rest });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 120))}`);
}"""
# Colours are the same at any width, and what else axe looks at is so in either scheme.
COLOURS, THE_REST = {"runOnly": ["color-contrast"]}, {"rules": {"color-contrast": {"enabled": False}}}


def axe() -> str:
    """Return the script; skip the test where there is none, and fail in CI, where nobody reads of skips."""
    if not AXE.exists():
        if os.environ.get("CI"):
            pytest.fail("axe-core is not installed: CI needs it")
        pytest.skip("axe-core is not installed here: run `npm ci`")
    return AXE.read_text(encoding="utf-8")
