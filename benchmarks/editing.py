"""Editing: how near pictures are found, restored, taken apart and recognised, beside the usual tools.

    python -m benchmarks.editing [--parts find,restore,parts,recognise,reader,augment,detect] [--models mnist,faces]
        [--pictures 24] [--samples 5000] [--steps 600] [--data-root data] [--json FILE]

Pictures are held-out ones, which neither the model nor its encoder has seen; of emoji there are none, so the training
pictures are taken. One thread; seconds are those of the processor, for one picture alone. Goals stand beside the
figures, and the status is 1 where one is missed. Minutes of one core for each part; --pictures shortens it. `reader`
takes half an hour with 5,000 samples, which --samples changes; `augment` and `detect` (of scenes) train six and four
networks for --steps each. These three are only run where they are named.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.flags import benchmark_parser, names_from, positive_int, run_main
from benchmarks.report import report
from gan.data import faces, scenes
from gan.editing.detect import boxes_of, detected, teach_detector
from gan.editing.diverse import AMONG, diverse
from gan.editing.encoder import Taught, pictures_for
from gan.editing.found import measure
from gan.editing.judge import load_judge
from gan.editing.known_parts import painted_digits, steady_face_parts
from gan.editing.operators import OPERATORS, operator, smooth
from gan.editing.parts import Painted, feature_maps, overlaps, pixel_maps, teach, teach_well
from gan.editing.reader import teach_reader
from gan.editing.recognise import critic_features, few_of_each, pixel_features, probe_accuracy
from gan.editing.restore import restore
from gan.editing.usual_tools import median, non_local_means
from gan.errors import DataError
from gan.evaluation.metrics import face_attributes, face_regions
from gan.evaluation.metrics.classifier import Classifier, Network, load_classifier, to_float
from gan.evaluation.metrics.fit import BATCH_SIZE, RECIPES, accuracy, fit
from gan.io import shipped_models
from gan.models.model import Model, load
from gan.models.pixels import to_uint8

MODELS = ("mnist", "fashion-mnist", "faces", "emoji", "scenes")
# Least decibels by the latent and with the first feature map; seconds to the first picture and to the last.
FIND = {"mnist": (26.0, 33.0), "faces": (25.0, 30.0)}
FIRST_SECONDS, ALL_SECONDS, KEPT = 0.020, 1.0, 0.95
# Decibels above the usual tool, or in all.
SHRINK_GAIN, GAUSS_GAIN, MEDIAN_GAIN, HOLE = 4.0, 4.0, 2.0, 18.0
FACE_SHOWN, FACE_PARTS = (1, 3, 10), {1: 0.6, 10: 0.8}  # painted pictures; least mean IoU with so many
DIGIT_SHOWN, DIGIT_PARTS = (1, 3, 10, 30), {30: 0.85}
READER = 0.9  # least share of the mean IoU of a reader taught on true masks
FEW, GENERATED = (10, 100), 2_000  # labelled pictures of a class; generated ones beside them
JUDGED, TESTED = 0.99, 1_000  # least area under the curve; test pictures of a probe
SLIDER = 1.0  # steps along a named slider
# What the upper half of every face shows: four fifths of its pixels are there by the exact masks, of eyes 4 %.
VISIBLE = ("hair", "hair_family")
HIDDEN = ("mouth", "beard", "clothes")
BALD = 0  # of the styles of hair
Found = dict[str, Any]


def held_out(model: Model, root: str) -> Taught:
    """Return pictures that the model has not seen, or, of a data set without such, training pictures."""
    for split in ("test", "train"):
        if found := pictures_for(model, model.config.dataset, root, split, lambda line: None):
            return found
    raise DataError(f"{model.config.dataset} is not to be had: pass --data-root")


def chosen(pictures: Taught, count: int, seed: int = 1) -> tuple[np.ndarray, Tensor]:
    """Return `count` pictures, uint8 (count, R, R, C), and their class weights, by a seed."""
    rows = torch.randperm(len(pictures.images), generator=torch.Generator().manual_seed(seed))[:count]
    return pictures.images[rows].permute(0, 2, 3, 1).numpy(), pictures.rows[rows]


def labels_of(rows: Tensor) -> list[frozenset[int | str]]:
    """Return the classes of rows (N, K), as `Model.class_weights` takes them."""
    return [frozenset(row.nonzero().flatten().tolist()) for row in rows]


def decibels(made: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the peak signal-to-noise ratio (N,) of pictures uint8 (N, H, W, C)."""
    error = np.square((made.astype(np.float32) - truth) / 255).mean((1, 2, 3))
    return -10 * np.log10(np.maximum(error, 1e-10))


def seconds_of(model: Model, image: np.ndarray) -> tuple[float, float]:
    """Return processor seconds until the first and the last picture of a search for one image, its class unknown."""
    list(model.finding(image, steps=1, map_steps=1))  # what is done once
    start, first = time.process_time(), 0.0
    for _ in model.finding(image):
        first = first or time.process_time() - start
    return first, time.process_time() - start


def verdicts(classifier: Classifier, images: np.ndarray) -> Tensor:
    """Return the class (N,) that the classifier sees in each picture."""
    return classifier.predict(classifier.features(images))


def class_kept(model: Model, images: np.ndarray, rows: Tensor) -> Found:
    """Return the share of found pictures, moved by each named slider, in which our classifier sees the same class.

    The same as in the picture that was found. With the offsets of the first feature map, and without.
    """
    classifier = load_classifier(model.config.dataset)
    found = model.invert(images, labels_of(rows))
    before = verdicts(classifier, images)
    kept: dict[str, list[float]] = {"kept_with_map": [], "kept_by_latent": []}
    for name in model.named.names:
        for way in (-SLIDER, SLIDER):
            z = model.edit(found.latents, found.classes, **{name: way})
            for key, offsets in (("kept_with_map", found.offsets), ("kept_by_latent", None)):
                after = verdicts(classifier, model.render(z, found.classes, offsets))
                kept[key].append(float((after == before).float().mean()))
    seen = verdicts(classifier, found.pictures)
    return {"kept_found": float((seen == before).float().mean())} | {k: float(np.mean(v)) for k, v in kept.items()}


def find(model: Model, root: str, count: int) -> Found:
    """Measure finding: decibels of held-out pictures at each stage, seconds, class unknown, class kept by sliders."""
    pictures = held_out(model, root)
    figures: Found = measure(model, pictures, count, seed=1)
    images, rows = chosen(pictures, count)
    unknown = model.invert(images[: max(1, count // 2)], None)
    assert unknown.classes is not None
    figures["unknown_map"] = float(unknown.decibels.mean())
    right = unknown.classes.argmax(1) == rows[: len(unknown.latents)].argmax(1)
    figures["unknown_class"] = float(right.float().mean())
    figures["first_seconds"], figures["all_seconds"] = seconds_of(model, images[:1])
    figures |= class_kept(model, images, rows) if model.named.names else {}
    goals = [figures["first_seconds"] <= FIRST_SECONDS, figures["all_seconds"] <= ALL_SECONDS]
    if least := FIND.get(model.name):
        goals += [figures["latent"] >= least[0], figures["map"] >= least[1]]
    figures["met"] = all(goals) and figures.get("kept_with_map", 1.0) >= KEPT
    return figures


def best_gaussian(seen: Tensor, truth: np.ndarray) -> float:
    """Return the most decibels that a Gaussian filter of any width reaches."""
    widths = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0)
    return max(float(decibels(to_uint8(smooth(seen, width)), truth).mean()) for width in widths)


def best_means(seen: Tensor, deviation: float, truth: np.ndarray) -> float:
    """Return the most decibels that non-local means of any strength reach."""
    tried = (non_local_means(seen, deviation, strength=s) for s in (0.4, 0.6, 0.8, 1.0, 1.4))
    return max(float(decibels(to_uint8(made), truth).mean()) for made in tried)


def usual(task: str, seen: Tensor, made: Tensor, truth: np.ndarray) -> dict[str, float]:
    """Return decibels of the usual tools by name, each at its best on these very pictures."""
    known: dict[str, Callable[[], float]] = {
        "hole": lambda: float(decibels(to_uint8(made), truth).mean()),
        "shrink": lambda: float(decibels(to_uint8(made), truth).mean()),
    }
    names = {"hole": "mean colour", "shrink": "bicubic", "blur": "as it is", "grey": "as it is"}
    if task in known:
        return {names[task]: known[task]()}
    if task != "noise":
        return {names[task]: float(decibels(to_uint8(made), truth).mean())}
    sides = [float(decibels(to_uint8(median(seen, side)), truth).mean()) for side in (3, 5)]
    return {
        "as it is": float(decibels(to_uint8(seen), truth).mean()),
        "gaussian": best_gaussian(seen, truth),
        "median": max(sides),
        "non-local means": best_means(seen, OPERATORS["noise"].default, truth),
    }


def same_attributes(answers: np.ndarray, truth: np.ndarray) -> Found:
    """Return what answers (N, A, H, W, 3) to faces without their lower half keep of the upper, and vary of the lower.

    visible_kept: share of the choices in `VISIBLE` that an answer has as the truth has, both as a network reads them.
    hidden_kinds: different combinations of those in `HIDDEN` among the answers.
    """
    n, a = answers.shape[:2]
    shown, wanted = (face_attributes.read(p) for p in (answers.reshape(n * a, *answers.shape[2:]), truth))
    bald = wanted["hair"].argmax(1).numpy() == BALD  # who shows no colour
    kept = []
    for k in VISIBLE:
        right = shown[k].argmax(1).numpy().reshape(n, a) == wanted[k].argmax(1).numpy()[:, None]
        kept.append(right if k == "hair" else right[~bald])
    hidden = np.stack([shown[k].argmax(1).numpy().reshape(n, a) for k in HIDDEN], 2)
    kinds = [len({tuple(answer) for answer in row}) for row in hidden.tolist()]
    return {"visible_kept": float(np.mean([right.mean() for right in kept])), "hidden_kinds": float(np.mean(kinds))}


def restoration(model: Model, root: str, count: int) -> Found:
    """Measure each operator: decibels of the first and of the best of the answers, beside the usual tools."""
    truth, _ = chosen(held_out(model, root), count)
    x = torch.from_numpy(truth).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    table: Found = {}
    for task in OPERATORS:
        if task == "grey" and model.channels == 1:
            continue
        lost = operator(task, model.resolution, model.channels)
        seen = lost.spoil(x)
        start = time.process_time()
        found = restore(model, seen, lost)
        seconds = (time.process_time() - start) / count
        each = np.stack([decibels(found.pictures[:, k], truth) for k in range(found.pictures.shape[1])], 1)
        row = {"first": float(each[:, 0].mean()), "best": float(each.max(1).mean()), "seconds": seconds}
        row |= usual(task, seen, lost.guess(seen), truth)
        if task == "hole":
            lower = slice(model.resolution // 2, None)
            hidden = [decibels(found.pictures[:, k, lower], truth[:, lower]) for k in range(each.shape[1])]
            row |= {"hidden_first": float(hidden[0].mean()), "hidden_best": float(np.max(hidden, 0).mean())}
            upper = slice(0, model.resolution // 2)
            row["seen_changed"] = int((found.pictures[:, :, upper] != truth[:, None, upper]).sum())
            if model.config.dataset == "faces":
                row |= same_attributes(found.pictures, truth)
        row["met"] = restored_well(model, task, row)
        table[task] = row
    return table | {"met": all(row["met"] for row in table.values())}


def restored_well(model: Model, task: str, row: Found) -> bool:
    """Return whether a row of the table reaches its goals; True where there are none."""
    if task == "shrink":
        return row["first"] >= row["bicubic"] + SHRINK_GAIN
    if task == "noise":
        tools = max(row["median"], row["non-local means"])
        return row["first"] >= row["gaussian"] + GAUSS_GAIN and row["first"] >= tools + MEDIAN_GAIN
    if task == "hole":
        whole = row["seen_changed"] == 0
        return whole and (row["best"] >= HOLE if model.name == "mnist" else row.get("visible_kept", 1) == 1)
    return True


def labelled_faces(model: Model, count: int) -> Painted:
    """Return held-out faces as they are found, with the exact masks of the drawn ones."""
    chosen = np.array(faces.SEEDS["test"][:count])
    hair = [frozenset({int(style)}) for style in faces.attributes(chosen)["hair"]]
    found = model.invert(faces.draw(chosen), hair)
    return Painted(found.latents, found.classes, faces.labels(chosen), faces.REGIONS, found.offsets)


def some_of(painted: Painted, start: int, stop: int | None) -> Painted:
    """Return the painted pictures from `start` to `stop`."""
    rows = slice(start, stop)
    y = None if painted.classes is None else painted.classes[rows]
    offsets = None if painted.offsets is None else painted.offsets[rows]
    return Painted(painted.latents[rows], y, painted.labels[rows], painted.names, offsets)


def painted_faces(model: Model, shown: int, count: int) -> Painted:
    """Return samples of faces with their parts as a network reads them in several colours: `shown` to paint, others.

    First comes the one that shows all parts, none much smaller than usual, which is what one would paint who paints a
    single one. Those to paint after it differ as much as they can, as `gan.label --blank` offers them.
    """
    most = AMONG * shown
    y = model.class_weights(range(most + count))
    labels = steady_face_parts(model, model.latents(range(most + count)), y)
    pixels = np.array([np.bincount(own.ravel(), minlength=len(faces.REGIONS)) for own in labels[:most]])
    usual = np.array([np.median(own[own > 0]) if own.any() else 0.0 for own in pixels.T])  # where there is any
    first = int(np.minimum(np.log((pixels + 0.5) / (usual + 0.5)), 0).sum(1).argmax())
    chosen = diverse(model, [first, *(seed for seed in range(most) if seed != first)], shown)
    order = [*chosen, *range(most, most + count)]
    latents = model.latents(order)
    return Painted(latents, None if y is None else y[order], labels[order], faces.REGIONS)


def parts(model: Model, root: str, count: int) -> Found:
    """Measure parts learnt from a few painted pictures, by feature maps and by pixels: mean IoU over the others.

    On samples: of digits, whose parts are what is closed; of faces, without the background, as a network reads them
    that knows drawn ones; `well`: taught and asked at length. `found`: also on real faces that were found, by their
    exact masks, which are not quite the found ones', beside what that network reads there.
    """
    is_face = model.config.dataset == "faces"
    if not is_face and model.config.dataset != "mnist":
        return {"met": True}
    shown, least = (FACE_SHOWN, FACE_PARTS) if is_face else (DIGIT_SHOWN, DIGIT_PARTS)
    most = max(shown)
    everything = painted_faces(model, most, 200) if is_face else painted_digits(model, most + 200)
    others = some_of(everything, most, None)
    table: Found = {"names": everything.names[is_face:]}
    for few in shown:
        for name in ("maps", "pixels", *(("well",) if is_face else ())):
            painted = some_of(everything, 0, few)
            start = time.process_time()
            if name == "well":
                taught = teach_well(model, painted)
            else:
                taught = teach(model, painted, feature_maps if name == "maps" else pixel_maps)
            seconds = time.process_time() - start
            found = taught.of(others.latents, others.classes, others.offsets)
            each = overlaps(found, others.labels, len(others.names))[is_face:]
            row = {"mean": float(np.nanmean(each)), "each": each.round(3).tolist(), "seconds": seconds}
            table[f"{name}_{few}"] = row
    if is_face:
        real = labelled_faces(model, count)
        taught = teach(model, some_of(everything, 0, most))
        own = face_regions.read(model.render(real.latents, real.classes, real.offsets))
        for name, found in (("head", taught.of(real.latents, real.classes, real.offsets)), ("network", own)):
            table[f"found_{name}"] = float(np.nanmean(overlaps(found, real.labels, len(real.names))[1:]))
    best = "well" if is_face else "maps"
    return table | {"met": all(table[f"{best}_{few}"]["mean"] >= goal for few, goal in least.items())}


def recognise(model: Model, root: str, count: int) -> Found:
    """Measure linear probes on the critic's map and on pixels, three draws of labelled pictures each, and the judge."""
    known = pictures_for(model, model.config.dataset, root, "train", lambda line: None)
    assert known is not None
    table: Found = {}
    if not model.groups and model.config.dataset != "emoji":
        test = held_out(model, root)
        chosen_test = torch.randperm(len(test.images), generator=torch.Generator().manual_seed(0))[:TESTED]
        for few in (1, 10, 100):
            for seed in range(3):
                rows = few_of_each(known.rows.argmax(1), few, seed)
                for name, of in (("critic", critic_features), ("pixels", pixel_features)):
                    features = partial(of, model)
                    accuracy = probe_accuracy(
                        features(known.images[rows]), known.rows[rows].argmax(1),
                        features(test.images[chosen_test]), test.rows[chosen_test].argmax(1),
                    )  # fmt: skip
                    table.setdefault(f"{name}_{few}", []).append(round(accuracy, 4))
    head = load_judge(model, shipped_models() / model.name)
    table["judge"] = head.figures if head else None
    return table | {"met": head is not None and head.figures["damage"] >= JUDGED}


def reader(model: Model, root: str, count: int, samples: int) -> Found:
    """Measure readers of faces' parts on unseen real ones: taught on samples that a head has labelled, and on truth.

    The ten painted ones are samples, as `painted_faces` has them. Both readers learn from as many pictures for as long;
    mean IoU without the background.
    """
    if model.config.dataset != "faces":
        return {"met": True}
    ten = max(FACE_PARTS)
    head = teach_well(model, painted_faces(model, ten, 0))
    seeds = range(1_000_000, 1_000_000 + samples)
    z, y = model.latents(seeds), model.class_weights(seeds)
    made = torch.from_numpy(model.render(z, y)).permute(0, 3, 1, 2).contiguous()
    drawn = faces.SEEDS["test"][1_000 : 1_000 + samples]
    true = torch.from_numpy(faces.draw(drawn)).permute(0, 3, 1, 2).contiguous()
    test = faces.SEEDS["test"][10 * ten : 10 * (ten + count)]  # of which none is painted
    unseen, truth = faces.draw(test), faces.labels(test)
    table: Found = {"samples": samples}
    for name, images, masks in (("labelled", made, head.of(z, y)), ("true", true, faces.labels(drawn))):
        start = time.process_time()
        taught = teach_reader(images, masks, faces.REGIONS)
        each = overlaps(taught.of(unseen), truth, len(faces.REGIONS))[1:]
        seconds = time.process_time() - start
        table[name] = {"mean": float(np.nanmean(each)), "each": each.round(3).tolist(), "seconds": seconds}
    return table | {"met": table["labelled"]["mean"] >= READER * table["true"]["mean"]}


def augment(model: Model, root: str, count: int, steps: int) -> Found:
    """Measure classifiers taught on few labelled pictures of each class, alone and with generated ones beside them.

    `alone`; `made`, with generated pictures of the class that the generator was asked for, which has seen all labels
    of the training set, so that this is no learning from few; `read`, with the same pictures and the class that the
    classifier `alone` sees in them, for which a generator without classes would do. All are trained for as many steps.
    There is no goal: it helps or it does not.
    """
    known = pictures_for(model, model.config.dataset, root, "train", lambda line: None)
    if known is None or model.groups or not model.classes or model.config.dataset not in RECIPES:
        return {"met": True}
    test = held_out(model, root)
    some = torch.randperm(len(test.images), generator=torch.Generator().manual_seed(0))[:TESTED]
    labels, k = known.rows.argmax(1), len(model.classes)
    wanted = torch.arange(GENERATED) % k
    seeds = range(2_000_000, 2_000_000 + GENERATED)
    made = model.render(model.latents(seeds), torch.eye(k)[wanted])
    pictures = torch.from_numpy(made).permute(0, 3, 1, 2).contiguous()
    table: Found = {"generated": GENERATED, "steps": steps}

    def taught(images: Tensor, classes: Tensor) -> Network:
        batches = max(1, len(images) // min(BATCH_SIZE, len(images)))
        recipe = dataclasses.replace(RECIPES[model.config.dataset], epochs=max(1, round(steps / batches)))
        return fit(images, classes, k, recipe)

    for few in FEW:
        rows = few_of_each(labels, few)
        real, own = known.images[rows], labels[rows]
        alone = taught(real, own)
        with torch.inference_mode():
            read = torch.cat([alone(to_float(part)).argmax(1) for part in pictures.split(256)])
        share = max(1, GENERATED // len(real))  # so that half of what is shown is real
        both = torch.cat([pictures, real.repeat(share, 1, 1, 1)])
        networks = {"alone": alone}
        for name, classes in (("made", wanted), ("read", read)):
            networks[name] = taught(both, torch.cat([classes, own.repeat(share)]))
        for name, network in networks.items():
            right = accuracy(network, test.images[some], test.rows[some].argmax(1))
            table[f"{name}_{few}"] = round(right, 4)
        table[f"read_right_{few}"] = round(float((read == wanted).float().mean()), 4)
    return table | {"met": True}


def detect(model: Model, root: str, count: int, steps: int) -> Found:
    """Measure how animals are found in unseen scenes, by the critic's maps and by the same network from scratch.

    Both learn from 10 and from 100 labelled scenes. Boxes fit where they overlap the truth by half; iou: the mean over
    kinds of the masks' overlap.
    """
    if model.config.dataset != "scenes":
        return {"met": True}
    test = scenes.SEEDS["test"][: 10 * count]
    unseen, boxes, masks = scenes.draw(test), scenes.boxes(test), scenes.labels(test)
    table: Found = {"steps": steps}
    for few in FEW:
        known = scenes.SEEDS["test"][1_000 : 1_000 + few]
        images = torch.from_numpy(scenes.draw(known)).permute(0, 3, 1, 2).contiguous()
        for name, scratch in (("critic", False), ("scratch", True)):
            start = time.process_time()
            taught = teach_detector(model, images, scenes.labels(known), scenes.REGIONS, scratch, steps)
            seconds = time.process_time() - start
            seen = taught.masks(unseen)
            found = detected(boxes_of(seen, len(scenes.REGIONS)), boxes)
            iou = float(np.nanmean(overlaps(seen, masks, len(scenes.REGIONS))[1:]))
            table[f"{name}_{few}"] = {"found": found.found, "right": found.right, "iou": iou, "seconds": seconds}
    return table | {"met": True}


PARTS: dict[str, Callable[..., Found]] = {
    "find": find, "restore": restoration, "parts": parts, "recognise": recognise, "reader": reader, "augment": augment,
    "detect": detect,
}  # fmt: skip
BY_DEFAULT = ("find", "restore", "parts", "recognise")  # minutes each


def main() -> int:
    """Run the parts of the benchmark. Returns 1 if any misses a goal."""
    parser = benchmark_parser(__doc__, json_help="write the results to this file")
    parser.add_argument("--parts", type=names_from(PARTS), default=list(BY_DEFAULT), help="joined by commas")
    parser.add_argument("--models", type=names_from(MODELS), default=["mnist", "faces"], help="joined by commas")
    parser.add_argument("--pictures", type=positive_int, default=24)
    parser.add_argument("--samples", type=positive_int, default=5_000, help="that a reader is taught on")
    parser.add_argument("--steps", type=positive_int, default=600, help="of each network of `augment` and `detect`")
    parser.add_argument("--data-root", default="data")
    args = parser.parse_args()
    torch.set_num_threads(1)
    result: dict[str, Any] = {"pictures": args.pictures}
    for name in args.models:
        model = load(Path(shipped_models()) / name, "cpu")
        more = {"reader": {"samples": args.samples}, "augment": {"steps": args.steps}, "detect": {"steps": args.steps}}
        result[name] = {
            part: PARTS[part](model, args.data_root, args.pictures, **more.get(part, {})) for part in args.parts
        }
    met = all(found["met"] for name in args.models for found in result[name].values())
    return report(result, args.json, met)


if __name__ == "__main__":
    sys.exit(run_main(main))
