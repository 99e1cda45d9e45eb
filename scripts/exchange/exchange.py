"""Models that Keras writes and nabla reads, and the other way round.

    python scripts/exchange/exchange.py write FOLDER [--random N] [--seed S] [--only NAME]
        writes, per model, NAME.keras, NAME.weights.h5, NAME.h5, NAME.json and NAME.io.json: data, and what Keras makes of it
    python scripts/exchange/exchange.py check FOLDER
        opens what nabla wrote (FOLDER/nabla) and compares: predictions, evaluation, state of the optimizer, further training

Needs keras 3.15 or later with any back-end (KERAS_BACKEND). test/keras/exchange.slow.test.ts runs both.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import sys
import traceback
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")
sys.path.insert(0, str(pathlib.Path(__file__).parent))
warnings.filterwarnings("ignore")

import keras  # noqa: E402
import numpy as np  # noqa: E402

FIT = dict(batch_size=8, epochs=2, shuffle=False, verbose=0)


def stored(array):
    array = np.asarray(array)
    if array.dtype.kind in "UOS":
        return {"shape": list(array.shape), "dtype": "string", "data": [str(v) for v in array.reshape(-1)]}
    dtype = "bool" if array.dtype == np.bool_ else str(array.dtype)
    return {"shape": list(array.shape), "dtype": dtype, "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def unstored(value):
    if isinstance(value, list):
        return [unstored(v) for v in value]
    if "dtype" not in value:
        return {k: unstored(v) for k, v in value.items()}
    if value["dtype"] == "string":
        return np.array(value["data"]).reshape(value["shape"])
    return np.frombuffer(base64.b64decode(value["data"]), value["dtype"]).reshape(value["shape"])


def mapped(f, value):
    if isinstance(value, (list, tuple)):
        return [mapped(f, v) for v in value]
    if isinstance(value, dict):
        return {k: mapped(f, v) for k, v in value.items()}
    return f(value)


def numpy_of(value):
    return np.asarray(keras.ops.convert_to_numpy(value), dtype=None)


def wide(value):
    value = numpy_of(value)
    return value.astype("float32") if value.dtype.name in ("float16", "bfloat16") else value


def outputs_of(model, x):
    texts = any(np.asarray(v).dtype.kind in "UO" for v in flat_list(x))
    return mapped(wide, model(x) if texts else model.predict(x, batch_size=5, verbose=0))


def flat_list(value):
    if isinstance(value, (list, tuple)):
        return [p for v in value for p in flat_list(v)]
    if isinstance(value, dict):
        return [p for v in value.values() for p in flat_list(v)]
    return [value]


def measured(model, values):
    """Without the losses of single outputs, which Keras tells since 3.5."""
    parts = {f"{name}_loss" for name in getattr(model, "output_names", [])}
    return {k: v for k, v in values.items() if k not in parts}


def evaluated(model, x, y):
    values = model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)
    return measured(model, {k: float(v) for k, v in values.items()})


def trained(model, x, y):
    return measured(model, {k: [float(e) for e in v] for k, v in model.fit(x, y, **FIT).history.items()})


def optimizer_state(model):
    return [wide(v) for v in model.optimizer.variables]


def write(name, build, folder):
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    case = build()
    model, io = case.model, {"name": name, "keras": keras.__version__, "trains": case.trains}
    rng = np.random.default_rng(len(name))
    if not name.startswith(("words", "texts", "normalized", "discretized", "lora")):
        model.set_weights([w + rng.uniform(0, 0.2, w.shape).astype(w.dtype) if w.dtype.kind == "f" else w for w in model.get_weights()])
    if case.compile:
        model.compile(**case.compile)
        if case.trains:
            model.fit(case.x, case.y, **{**FIT, "epochs": 1})
    path = folder / name
    model.save(f"{path}.keras")
    model.save_weights(f"{path}.weights.h5")
    try:
        model.save(f"{path}.h5")
        keras.saving.load_model(f"{path}.h5")
    except Exception as error:  # Keras cannot write, or read, all of its own older files.
        io["no_h5"] = f"{type(error).__name__}: {error}"[:200]
        pathlib.Path(f"{path}.h5").unlink(missing_ok=True)
    pathlib.Path(f"{path}.json").write_text(model.to_json())
    again = keras.saving.load_model(f"{path}.keras")
    io.update(x=mapped(stored, case.x), predict=mapped(stored, outputs_of(again, case.x)))
    if case.compile:
        io.update(y=mapped(stored, case.y), evaluate=evaluated(again, case.x, case.y), state=[stored(v) for v in optimizer_state(again)])
        if case.trains and case.follows:
            io["history"] = trained(again, case.x, case.y)
            io["predict_after"] = mapped(stored, outputs_of(again, case.x))
    pathlib.Path(f"{path}.io.json").write_text(json.dumps(io))


def wrong(got, want, bound=1e-5, what="values"):
    got, want = flat_list(got), flat_list(want)
    if len(got) != len(want):
        return f"{what}: {len(got)} arrays instead of {len(want)}"
    for i, (a, b) in enumerate(zip(got, want)):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape:
            return f"{what} {i}: shape {a.shape} instead of {b.shape}"
        if a.dtype.kind != "f":
            if (a != b).any():
                return f"{what} {i}: {a} instead of {b}"
            continue
        limit = bound + bound * (np.abs(b[np.isfinite(b)]).max() if np.isfinite(b).any() else 0)
        off = np.abs(a.astype("float64") - b)
        if not np.array_equal(np.isnan(a), np.isnan(b)) or np.nanmax(off, initial=0) > limit:
            return f"{what} {i}: off by {np.nanmax(off, initial=0)} (bound {limit})"
    return None


def differs(got, want, bound, what):
    if set(got) != set(want):
        return f"{what}: {sorted(got)} instead of {sorted(want)}"
    return next((f for k in want if (f := wrong(np.array(got[k], "float64"), np.array(want[k], "float64"), bound, f"{what} {k}"))), None)


# Keys with their usual values, of which Keras 3.4 knew nothing.
later = ("data_format", "renorm_momentum", "value_range", "lora_alpha")


def config_difference(got, want, at=""):
    """Where two configurations differ; names that are counted through a session are not compared."""
    if isinstance(want, dict) and isinstance(got, dict):
        # Tensors between layers: what comes from where. nabla knows more extents, and no dtypes of mixed precision before a call.
        if want.get("class_name") == got.get("class_name") == "__keras_tensor__":
            return config_difference(got["config"]["keras_history"], want["config"]["keras_history"], f"{at}/config/keras_history")
        for key in sorted(set(got) | set(want)):
            # How a layer is built again is told in more ways than one: that it is, the files show.
            if key in ("compile_config", "shared_object_id", "build_config"):
                continue
            # What later versions write, and what Keras 3.4 did not; what only 3.4 wrote.
            if key not in got and (want[key] is None or want[key] is False or key in later):
                continue
            if key not in want and (got[key] is None or (at.endswith("/kwargs") and not any(flat_list(got[key])))):
                continue
            if key in ("input_layers", "output_layers") and got.get(key) == [want.get(key)]:
                continue
            if key not in got or key not in want:
                return f"{at}/{key}: only {'in Keras' if key in want else 'in nabla'} ({json.dumps(want.get(key, got.get(key)))[:80]})"
            if found := config_difference(got[key], want[key], f"{at}/{key}"):
                return found
        return None
    if isinstance(want, list) and isinstance(got, list) and len(got) == len(want):
        return next((f for i, (a, b) in enumerate(zip(got, want)) if (f := config_difference(a, b, f"{at}/{i}"))), None)
    # An initializer's older name.
    if (got, want) == ("OrthogonalInitializer", "Orthogonal"):
        return None
    return None if got == want else f"{at}: {json.dumps(got)[:120]} instead of {json.dumps(want)[:120]}"


def check_one(name, folder, io):
    """What Keras finds wrong with the files of one model."""
    keras.backend.clear_session()
    low = any(word in (folder / f"{name}.json").read_text() for word in ("float16", "bfloat16")) if (folder / f"{name}.json").exists() else False
    forward, after = (2e-2, 5e-2) if low else (io.get("tolerance", 1e-5), 2e-4)
    x = unstored(io["x"])
    y = unstored(io["y"]) if "y" in io else None
    want = unstored(io["predict"])
    original = folder.parent / f"{name}.json"
    faults = []

    def attempt(what, f):
        try:
            if found := f():
                faults.append(f"{what}: {found}")
        except Exception as error:
            faults.append(f"{what}: {type(error).__name__}: {str(error)[:600]}")

    def whole(path, state=True):
        model = keras.saving.load_model(path)
        if found := wrong(outputs_of(model, x), want, forward, "prediction"):
            return found
        if y is None:
            return None
        got, told = evaluated(model, x, y), io["evaluate"]
        if not state:  # Older files give metrics other names.
            got, told = {"loss": got["loss"]}, {"loss": told["loss"]}
        if found := differs(got, told, forward, "evaluation"):
            return found
        if state and (found := wrong(optimizer_state(model), unstored(io["state"]), 1e-6, "optimizer variable")):
            return found
        if "history" in io and state:
            if found := differs(trained(model, x, y), io["history"], after, "training"):
                return found
            return wrong(outputs_of(model, x), unstored(io["predict_after"]), after * 10, "prediction after training")
        return None

    def weights():
        source = original if original.exists() else folder / f"{name}.json"
        model = keras.models.model_from_json(source.read_text())
        if not model.built:
            model(keras.tree.map_structure(lambda v: v[:1], x))
        model.load_weights(folder / f"{name}.weights.h5")
        return wrong(outputs_of(model, x), want, forward, "prediction")

    def topology():
        model = keras.models.model_from_json((folder / f"{name}.json").read_text())
        with_weights = keras.saving.load_model(folder / f"{name}.keras", compile=False)
        model.set_weights(with_weights.get_weights())
        if original.exists() and (found := config_difference(json.loads((folder / f"{name}.json").read_text()), json.loads(original.read_text()))):
            return found
        return wrong(outputs_of(model, x), want, forward, "prediction")

    attempt(".keras", lambda: whole(folder / f"{name}.keras"))
    if "trains" in io and isinstance(x, np.ndarray) and x.dtype.kind in "UO":
        return faults  # Vocabularies stand neither in files of weights nor in configurations.
    attempt(".weights.h5", weights)
    attempt(".json", topology)
    if (folder / f"{name}.h5").exists():
        attempt(".h5", lambda: whole(folder / f"{name}.h5", state=False))
    return faults


def check(folder, only):
    """Prints JSON: faults by model."""
    nabla, report = folder / "nabla", {}
    for file in sorted(nabla.glob("*.keras")):
        name = file.name[: -len(".keras")]
        if not re.search(only, name):
            continue
        own = nabla / f"{name}.io.json"
        io = json.loads((own if own.exists() else folder / f"{name}.io.json").read_text())
        report[name] = check_one(name, nabla, io)
        for fault in report[name]:
            print(f"{name}: {fault}", file=sys.stderr, flush=True)
    print(json.dumps({"models": len(report), "faults": {k: v for k, v in report.items() if v}}, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["write", "check"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--skip-named", action="store_true")
    given = parser.parse_args()
    if given.what == "check":
        check(given.folder, given.only)
        sys.exit()
    from named_models import named_models
    from random_models import random_models

    given.folder.mkdir(parents=True, exist_ok=True)
    failed = {}
    for name, build in [*([] if given.skip_named else named_models()), *random_models(given.seed, given.random)]:
        if not re.search(given.only, name):
            continue
        try:
            write(name, build, given.folder)
        except Exception as error:
            for part in given.folder.glob(f"{name}.*"):
                part.unlink()
            failed[name] = f"{type(error).__name__}: {str(error)[:300]}"
            if given.only:
                traceback.print_exc()
    print(json.dumps({"failed": failed}, indent=1))
