"""Plain words for visitors: what a model's sliders are called, and what a model makes in one sentence."""

from __future__ import annotations

# By the name of an attribute, in the order in which they are offered; others come later, as they are, with spaces.
SLIDERS = {
    "smile": "smile",
    "beard": "beard",
    "glasses": "glasses",
    "skin": "skin",
    "scale": "size",
    "shift_x": "left, right",
    "tilt": "tilt",
    "clothes_light": "clothes, light",
    "background_red": "background, red",
    "background_yellow": "background, yellow",
    "clothes_shirt": "shirt",
    "clothes_red": "clothes, red",
    "clothes_yellow": "clothes, yellow",
    "hair_family_black": "hair, black",
    "rear_hair": "hair, long",
}

# By the name of a data set.
SENTENCES = {
    "emoji": "Emoji that are in no font: faces, food, animals, flags and things that are nearly something.",
    "emoji-styles": "Emoji that are in no font, in the manner of four designers.",
    "faces": "Portraits of people who do not exist, in the manner of a cartoonist.",
    "fashion-mnist": "Clothes, shoes and bags that no shop has ever sold.",
    "mnist": "Handwritten digits that no hand has written.",
    "scenes": "Animals in landscapes, at any hour and in any weather.",
}


def sentence(dataset: str) -> str:
    """Return what a model trained on a data set makes, in one plain sentence."""
    name = dataset.removesuffix("-10k")
    return SENTENCES.get(name, f"Pictures that were never in {dataset}, and could have been.")
