"""Named recipes: settings of `gan.config.Config` that go together."""

from __future__ import annotations

from typing import Any

_CLASSIC = {
    "loss": "nonsaturating", "penalty": "none", "beta1": 0.5, "beta2": 0.999, "learning_rate": 2e-4, "batch_size": 64,
    "anneal": 0.0, "precision": "fp32", "images": 1_000_000, "dataset": "mnist", "conditional": False,
}  # fmt: skip

# Of a translation what differs from the defaults above.
TRANSLATION: dict[str, Any] = {
    "task": "translate", "network": "unet", "conditional": False, "penalty": "r1", "gamma": 0.5, "penalty_every": 4,
    "images": 300_000, "sample_images": 20_000, "checkpoint_images": 20_000, "ema_images": 4_000,
}  # fmt: skip

# For pictures of one's own and a GPU. Never run there: what is said of memory and time are estimates (docs/LOG.md).
_LARGE: dict[str, Any] = {
    "dataset": "", "width": 128, "batch_size": 32, "penalty_every": 4, "learning_rate": 2e-4, "ema_images": 50_000,
    "sample_images": 200_000, "checkpoint_images": 200_000, "measure_images": 200_000,
}  # fmt: skip

# Only what differs from the defaults above, which are the emoji recipe.
PRESETS: dict[str, dict[str, Any]] = {
    "faces": {
        "dataset": "faces", "network": "modulated", "attributes": True, "attribute_weight": 4.0,
        "images": 2_000_000, "penalty_every": 4,
    },
    "scenes": {
        "dataset": "scenes", "network": "modulated", "attributes": True, "attribute_weight": 4.0,
        "images": 2_000_000, "penalty_every": 4,
    },
    "emoji": {},
    "mnist": {"dataset": "mnist", "images": 400_000, "gamma": 0.1},
    "fashion-mnist": {"dataset": "fashion-mnist", "images": 600_000, "gamma": 0.1},
    "large-128": {**_LARGE, "resolution": 128, "images": 5_000_000, "gamma": 4.0},  # about 1.5 GB, 2 hours
    "large-256": {**_LARGE, "resolution": 256, "images": 10_000_000, "gamma": 16.0},  # about 2.5 GB, 7 hours
    "sketch-to-face": {
        **TRANSLATION, "dataset": "sketch-to-face", "network": "unet-palette", "objective": "paired", "content": 40.0,
        "identity": 0.0, "gamma": 1.0, "mirror": True, "conditional": True, "attribute_weight": 4.0,
        "learning_rate": 8e-4, "learning_rate_start": 2e-4, "burn_in": 3_000, "ema_images": 6_000, "anneal": 0.5,
        "images": 240_000,
    },
    "beard": {
        **TRANSLATION, "dataset": "beard", "network": "unet-borrowed", "objective": "removal", "content": 5.0,
        "identity": 5.0, "change": 0.5, "gamma": 0.03, "mirror": True, "attribute_weight": 4.0,
        "learning_rate": 1e-3, "learning_rate_start": 2e-4, "burn_in": 3_000, "ema_images": 6_000, "anneal": 0.4,
        "images": 120_000,
    },
    "flat-to-3d": {
        **TRANSLATION, "dataset": "flat-to-3d", "network": "unet-patches", "gamma": 0.02, "identity": 1.0,
        "learning_rate": 1e-3, "learning_rate_start": 2e-4, "burn_in": 2_000, "ema_images": 8_000, "anneal": 0.5,
        "images": 40_000,
    },
    "grey-to-colour": {
        **TRANSLATION, "dataset": "grey-to-colour", "gamma": 0.1, "augment": "translation", "mirror": True,
    },
    # CycleGAN's own recipe, to compare with, as far as these networks go: no averaging, Adam as in the paper.
    "cyclegan": {
        **TRANSLATION, "dataset": "beard", "network": "cyclegan", "loss": "lsgan", "penalty": "none",
        "penalty_every": 1, "gamma": 1.0, "identity": 5.0, "cycle_noise": 0.0, "learning_rate": 2e-4, "beta1": 0.5,
        "beta2": 0.999, "ema_images": 1, "anneal": 0.5, "batch_size": 4, "precision": "fp32",
    },
    "classic-mlp": {"network": "mlp", **_CLASSIC},
    "classic-dcgan": {"network": "dcgan", **_CLASSIC},
    # Classes from ten labels each; the critic is what it is about. A quarter of an hour of one core, at most.
    "few-labels": {
        "dataset": "mnist", "labels": 10, "network": "light", "loss": "nonsaturating", "penalty": "none",
        "batch_size": 100, "learning_rate": 2e-3, "beta1": 0.5, "beta2": 0.999, "images": 600_000, "anneal": 0.5,
    },
    "smoke": {
        "dataset": "mnist-10k", "images": 1_024, "width": 16, "ema_images": 256,
        "sample_images": 512, "checkpoint_images": 512, "precision": "bf16",
    },
}  # fmt: skip
