"""Plain words for visitors: what a model's sliders are called, and what a model makes in one sentence."""

from __future__ import annotations

# By the name of an attribute, in the order in which they are offered; others come later, as they are, with spaces.
SLIDERS = {
    "smile": "smile",
    "mouth_smile": "smile",
    "mouth_laugh": "laugh",
    "mouth_grin": "grin",
    "beard": "beard",
    "glasses": "glasses",
    "glasses_sunglasses": "sunglasses",
    "skin": "skin",
    "hair_family_black": "hair, black",
    "hair_family_blond": "hair, blond",
    "hair_family_red": "hair, red",
    "hair_family_bright": "hair, dyed",
    "hair_family_grey": "hair, grey",
    "rear_hair": "hair, long",
    "eyes_wide": "eyes, wide",
    "eye_color": "eyes, colour",
    "tilt": "tilt",
    "head_width": "head, wide",
    "scale": "size",
    "shift_x": "left, right",
    "clothes_light": "clothes, light",
    "clothes_red": "clothes, red",
    "clothes_yellow": "clothes, yellow",
    "background_red": "background, red",
    "background_yellow": "background, yellow",
    "background_light": "background, light",
    "clothes_shirt": "shirt",
    "clothes_jacket": "jacket",
    "clothes_dress": "dress",
    "clothes_t_shirt": "T-shirt",
    "clothes_turtleneck": "turtleneck",
    "shift_y": "up, down",
    "undertone": "skin, olive",
    "hair_tone": "hair, light",
    "rear_hair_straight": "hair, long and straight",
    "rear_hair_wavy": "hair, long and wavy",
    "rear_hair_shoulder": "hair, to the shoulder",
    "rear_hair_neck": "hair, to the neck",
    "mouth_size": "mouth, large",
    "mouth_agape": "mouth, agape",
    "mouth_sad": "mouth, sad",
    "mouth_angry": "mouth, angry",
    "eye_distance": "eyes, apart",
    "eye_height": "eyes, high",
    "eyes_happy": "eyes, happy",
    "eyes_wink": "wink",
    "eyes_closed_up": "eyes, shut",
    "eyes_closed_down": "eyes, lowered",
    "brow_height": "brows, high",
    "brows_raised": "brows, raised",
    "brows_angry": "brows, angry",
    "brows_happy": "brows, happy",
    "brows_sad": "brows, sad",
    "brows_neutral": "brows, calm",
    "beard_moustache": "moustache",
    "beard_full": "beard, full",
    "beard_long": "beard, long",
    "beard_goatee": "goatee",
    "beard_chin": "beard, chin",
    "glasses_round": "glasses, round",
    "glasses_square": "glasses, square",
    "frame_color": "glasses, colour",
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
