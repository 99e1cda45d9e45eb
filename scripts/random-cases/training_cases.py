"""A training: its history, what callbacks were told in what order, single batches, the summary; runs what `training_draws.py` drew."""

import json
import os

# Tables wider than the terminal are cut.
os.environ["COLUMNS"] = "200"

import keras
import numpy as np

import model_cases  # noqa: F401  Gradients of embeddings are dense.
from backends import value
from layer_cases import leaves, weight_values
from storing import plain, stored

HOOKS = [
    "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end", "on_test_begin", "on_test_end",
    "on_test_batch_begin", "on_test_batch_end",
]  # fmt: skip


def told(events):
    """A callback that writes down what it is told."""
    made = keras.callbacks.Callback()

    def note(hook):
        if "epoch" in hook or "batch" in hook:
            return lambda number, logs=None: events.append([hook, number, {k: float(v) for k, v in (logs or {}).items()}])
        return lambda logs=None: events.append([hook, None, {k: float(v) for k, v in (logs or {}).items()}])

    for hook in HOOKS:
        setattr(made, hook, note(hook))
    return made


def callback(name, kwargs):
    if name == "LearningRateScheduler":
        return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * kwargs["by"])
    return getattr(keras.callbacks, name)(**kwargs)


def tree(x):
    if isinstance(x, dict):
        return {k: tree(v) for k, v in x.items()}
    if isinstance(x, list):
        return [tree(v) for v in x]
    return x


def one(values):
    return values if len(values) > 1 else values[0]


def record(group, name, number, draw, spec):
    model, data, targets = spec["model"], spec["inputs"], spec["targets"]
    values = weight_values(draw, model.weights)
    model.set_weights(values)
    case = {
        "id": f"random/{name}/{number}",
        "json": json.loads(model.to_json()),
        "policy": spec["policy"],
        "weights": [{"path": w.path, "trainable": bool(w.trainable), "value": stored(value(w))} for w in model.weights],
        "inputs": plain(data),
        "targets": plain(targets),
        "by_name": spec["by_name"],
        "named_targets": isinstance(spec["fit"].get("sample_weight"), dict),
        "output_names": list(model.output_names),
    }
    lines = []
    try:
        model.summary(print_fn=lambda text, **_: lines.append(text), **spec["summary"])
        case["summary"] = {**spec["summary"], "text": "".join(lines)}
    except AttributeError:
        # Keras asks operations for weights.
        case["summary"] = None
    model.compile(run_eagerly=True, jit_compile=False, **spec["compile"])
    case["compile_config"] = plain(model.get_compile_config())
    names_in = [t._keras_history.operation.name for t in model.inputs]
    x = dict(zip(names_in, data)) if spec["by_name"] else one(data)
    y = dict(zip(model.output_names, targets)) if isinstance(spec["fit"].get("sample_weight"), dict) else one(targets)
    events = []
    fit = tree(spec["fit"])
    case["fit"] = plain(fit)
    if "validation_data" in fit:
        fit["validation_data"] = tuple(one(part) for part in fit["validation_data"])
        if spec["by_name"]:
            _, *rest = fit["validation_data"]
            fit["validation_data"] = (dict(zip(names_in, spec["fit"]["validation_data"][0])), *rest)
        if case["named_targets"]:
            fit["validation_data"] = tuple([fit["validation_data"][0], *(dict(zip(model.output_names, part)) for part in spec["fit"]["validation_data"][1:])])
    made = [callback(n, k) for n, k in spec["callbacks"]]
    case["callbacks"] = plain([[n, k] for n, k in spec["callbacks"]])
    history = model.fit(x, y, shuffle=False, verbose=0, callbacks=[*made, told(events)], **fit)
    case["history"] = plain({k: [float(v) for v in vs] for k, vs in history.history.items()})
    case["epochs"] = list(history.epoch)
    case["events"] = plain(events)
    case["final_weights"] = [stored(value(w)) for w in model.weights]
    case["optimizer_variables"] = [{"path": v.path, "value": stored(value(v))} for v in model.optimizer.variables]
    steps = []
    for step in spec["batches"]:
        options = {}
        if step["weighted"]:
            weights = [np.abs(draw.floats(len(t))) for t in targets]
            options["sample_weight"] = dict(zip(model.output_names, weights)) if case["named_targets"] else one(weights)
        elif step["classes"] and step["kind"] == "train":
            options["class_weight"] = spec["fit"]["class_weight"]
        if step["kind"] == "predict":
            result, options = [stored(np.asarray(p)) for p in leaves(model.predict_on_batch(x))], {}
        else:
            result = getattr(model, f"{step['kind']}_on_batch")(x, y, return_dict=True, **options)
            result = plain({k: float(v) for k, v in result.items()})
        steps.append({"kind": step["kind"], "options": plain(options), "result": result})
    case["batches"] = steps
    size = spec["fit"]["batch_size"]
    case["evaluate"] = plain({k: float(v) for k, v in model.evaluate(x, y, batch_size=size, verbose=0, return_dict=True).items()})
    case["predict"] = [stored(np.asarray(p)) for p in leaves(model.predict(x, batch_size=size, verbose=0))]
    case["weights_in_the_end"] = [stored(value(w)) for w in model.weights]
    return case
