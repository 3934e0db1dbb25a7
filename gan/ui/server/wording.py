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
    "beard": "A beard comes off, long ones not quite; the way back is a guess.",
    "emoji": "Emoji that are in no font: faces, food, animals, flags and things that are nearly something.",
    "emoji-styles": "Emoji that are in no font, in the manner of four designers.",
    "faces": "Portraits of people who do not exist, in the manner of a cartoonist.",
    "fashion-mnist": "Clothes, shoes and bags that no shop has ever sold.",
    "mnist": "Handwritten digits that no hand has written.",
    "flat-to-3d": "Flat emoji get light, shade and rims, and lose them again.",
    "grey-to-colour": "Grey emoji get colours back that they may have had, and lose them again.",
    "scenes": "Animals in landscapes, at any hour and in any weather.",
    "sketch-to-face": "A drawing becomes a face while you draw it.",
}


def sentence(dataset: str, translates: bool = False) -> str:
    """Return what a model trained on a data set makes, or translates to it, in one plain sentence."""
    name = dataset.removesuffix("-10k")
    fresh = f"Pictures that were never in {dataset}, and could have been."
    other = f"Pictures become such as those of {dataset}." if translates else fresh
    return SENTENCES.get(name, other)
