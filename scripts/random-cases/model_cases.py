"""A model: what it gives, its gradients, and where training takes it; runs what `model_draws.py` drew."""

import json

import keras
import numpy as np

from backends import gradients_of, tensor, value
from layer_cases import leaves, rounded, weight_values
from storing import plain, stored


if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    def densely(apply):
        """Gradients of embeddings as dense ones, which are what other backends have."""
        return lambda self, grads, trainable_variables=None: apply(
            self, [g if g is None else tf.convert_to_tensor(g) for g in grads], trainable_variables
        )

    for cls in (BaseOptimizer, keras.optimizers.LossScaleOptimizer):
        cls.apply = densely(cls.apply)


def record(group, name, number, draw, spec):
    model, arrays = spec["model"], spec["inputs"]
    values = weight_values(draw, model.weights)
    model.set_weights(values)
    case = {
        "id": f"random/{name}/{number}",
        "json": json.loads(model.to_json()),
        "policy": spec["policy"],
        "weights": [{"path": w.path, "trainable": bool(w.trainable), "value": stored(value(w))} for w in model.weights],
        "inputs": [stored(x) for x in arrays],
        "targets": [stored(t) for t in spec["targets"]],
    }
    inputs = [tensor(x) for x in arrays]
    training = draw.maybe()
    trainable = [w for w in model.weights if w.trainable]
    chosen = []

    def cotangents_of(found):
        chosen[:] = chosen or [rounded(draw.floats(*value(y).shape, low=-1, high=1), value(y).dtype) for y in found]
        return chosen

    found, cotangents, gradients = gradients_of(
        lambda: leaves(model(inputs if len(inputs) > 1 else inputs[0], training=training)), inputs, trainable, cotangents_of
    )
    of_weights = iter(gradients[len(inputs) :])
    case |= {
        "training": training,
        "outputs": [stored(value(y)) for y in found],
        "cotangents": [None if c is None else stored(c) for c in cotangents],
        "input_grads": [None if g is None else stored(g) for g in gradients[: len(inputs)]],
        "weight_grads": [(lambda g: None if g is None else stored(g))(next(of_weights)) if w.trainable else None for w in model.weights],
        # Placeholders of activity penalties stay where a layer was called while the model was made.
        "losses": [float(value(loss)) for loss in model.losses if not isinstance(loss, keras.KerasTensor)],
        "non_trainable_after": [stored(value(w)) for w in model.weights if not w.trainable],
    }
    # A model takes the policy of its time: with it, compile() scales losses.
    model.set_weights(values)
    model.compile(run_eagerly=True, jit_compile=False, **spec["compile"])
    case["compile_config"] = plain(model.get_compile_config())
    fit = dict(spec["fit"])
    weight = fit.get("sample_weight")
    x = arrays if len(arrays) > 1 else arrays[0]
    y = spec["targets"] if len(spec["targets"]) > 1 else spec["targets"][0]
    history = model.fit(x, y, shuffle=False, verbose=0, **fit).history
    case["fit"] = {**{k: v for k, v in fit.items() if k != "sample_weight"}, "sample_weight": None if weight is None else stored(weight)}
    case["history"] = plain({k: [float(v) for v in values] for k, values in history.items()})
    case["final_weights"] = [stored(value(w)) for w in model.weights]
    case["optimizer_variables"] = [{"path": v.path, "value": stored(value(v))} for v in model.optimizer.variables]
    case["evaluate"] = plain({k: float(v) for k, v in model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True).items()})
    case["predict"] = [stored(np.asarray(p)) for p in leaves(model.predict(x, batch_size=3, verbose=0))]
    return case
