"""`gan.evaluation.attributes`: pictures whose slant, weight, size and colours are known."""

from __future__ import annotations

import numpy as np
import pytest

from gan.config import Config
from gan.evaluation.attributes import ATTRIBUTES, attributes_of, brightness, colors, shade, shape, size, tint, weight


def bar(width: int, height: int, lean: float = 0.0) -> np.ndarray:
    """Draw a white bar on black, uint8 (1, 32, 32, 1), which moves `lean` pixels to the right for each one upwards."""
    picture = np.zeros((1, 32, 32, 1), np.uint8)
    for row in range(height):
        left = 16 - width // 2 + round(lean * (height / 2 - row))
        picture[0, 16 - height // 2 + row, left : left + width] = 255
    return picture


def test_slant_width_and_height_of_bars():
    slant, width, height = shape(bar(4, 20))[0]
    assert slant == pytest.approx(0, abs=0.01)
    assert width == pytest.approx(4 / 12**0.5 / 32, rel=0.05) and height == pytest.approx(20 / 12**0.5 / 32, rel=0.05)
    slant, leaning_width, _ = shape(bar(4, 20, 0.5))[0]
    assert slant == pytest.approx(0.5, abs=0.03)
    assert leaning_width == pytest.approx(width, rel=0.1)  # a slant is no width
    assert shape(bar(4, 20, -0.5))[0, 0] == pytest.approx(-0.5, abs=0.03)
    np.testing.assert_allclose(shape(255 - bar(4, 20, 0.5)), shape(bar(4, 20, 0.5)), atol=1e-5)  # ink on paper


def test_weight_is_the_width_of_strokes():
    assert weight(bar(3, 22))[0, 0] == pytest.approx(3, rel=0.2)
    assert weight(bar(6, 22))[0, 0] == pytest.approx(6, rel=0.3)


def test_colours_light_and_size():
    picture = np.full((1, 16, 16, 3), 255, np.uint8)
    picture[:, 4:12, 4:12] = (255, 0, 0)
    blue = picture[..., ::-1]
    assert size(picture)[0, 0] == 0.25
    assert brightness(picture)[0, 0] == pytest.approx(1 - 0.25 * 2 / 3)
    (red_colourful, red_warmth), (_, blue_warmth) = colors(picture)[0], colors(blue)[0]
    assert red_warmth == pytest.approx(255 / 4) and blue_warmth == pytest.approx(-255 / 4)
    assert red_colourful > 50 and colors(np.full((1, 16, 16, 3), 90, np.uint8))[0] == pytest.approx((0, 0))
    half = bar(8, 20) // 2
    assert shade(half)[0, 0] == pytest.approx(127 / 255)


def test_the_tint_of_a_thing_does_not_follow_its_size():
    small, large = (np.full((1, 16, 16, 3), 255, np.uint8) for _ in range(2))
    small[:, 6:10, 6:10] = large[:, 2:14, 2:14] = (200, 100, 50)
    for picture in (small, large):
        assert tint(picture)[0] == pytest.approx((150 / 255, 150 / 255)) and shade(picture)[0, 0] == pytest.approx(
            350 / 3 / 255
        )
    assert tint(small[..., ::-1])[0] == pytest.approx((150 / 255, -150 / 255))
    assert tint(np.full((1, 16, 16, 3), 255, np.uint8))[0] == pytest.approx((0, 0))


def test_every_attribute_has_a_finite_value_for_every_picture():
    random = np.random.default_rng(0)
    for one in ATTRIBUTES:
        for picture in (np.zeros, np.ones, lambda s: random.integers(0, 256, s)):
            values = one.measure(np.asarray(picture((3, 28, 28, one.channels)), np.uint8))
            assert values.shape == (3, len(one.names)) and np.isfinite(values).all()
        assert all(name.isidentifier() for name in one.names)


def test_each_data_set_has_its_own_attributes():
    def names(**settings) -> list[str]:
        return [name for one in attributes_of(Config(**settings)) for name in one.names]

    digits = ["slant", "width", "height", "weight"]
    assert names(dataset="mnist", channels=1) == names(dataset="mnist-10k", channels=1) == digits
    assert names(dataset="fashion-mnist", channels=1) == ["width", "height", "brightness"]
    assert names(dataset="my pictures", channels=3) == ["brightness", "colourfulness", "warmth"]
    emoji = ["brightness", "colourfulness", "warmth", "size"]
    assert names(dataset="emoji", channels=3) == names(dataset="emoji-styles", channels=3) == emoji
    assert names(dataset="ring", network="points", channels=3) == []
    (faces,) = attributes_of(Config(dataset="faces", channels=3))
    assert {"skin", "beard", "mouth_smile", "hair_tone"} < set(faces.names)
    assert {"beard", "hair_family_red"} < faces.switches and not {"skin", "clothes_red", "tilt"} & faces.switches
