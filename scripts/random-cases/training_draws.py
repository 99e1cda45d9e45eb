"""Random trainings: several inputs and outputs by list or name, weights of samples and classes, validation, callbacks, single batches."""

import keras
import numpy as np

from model_draws import L, POLICIES, dense, head, image_model, optimizer, sequence_end, sequence_model, sequence_step, table_model


def joined_model(d):
    """Inputs of several kinds, of which several outputs are made; batches are the same."""
    batch = d.pick(3, 5, 8)
    steps = d.int(2, 4)
    # Keras 3.4 sorts the data of dictionaries by name, and then takes them in the order of the inputs.
    words, table = keras.Input((steps,), dtype="int32", name="a_words"), keras.Input((d.int(1, 3),), name="b_table")
    data = [d.ints(batch, steps, low=0, high=5), d.floats(batch, table.shape[-1])]
    data[0][:, 0] = np.maximum(data[0][:, 0], 1)
    masked = d.maybe(0.7)
    x = L.Embedding(6, 3, mask_zero=masked)(words)
    for _ in range(d.int(0, 2)):
        x = sequence_step(d, x)
    y = dense(d, 3)(table)
    ends = [sequence_end(d, x), y] if d.maybe() else [x, L.Concatenate()([y, sequence_end(d, x)])]
    return [words, table], ends[: d.int(1, 2)], data


def stateful_model(d):
    batch, steps = d.int(1, 3), d.int(1, 3)
    x = inputs = keras.Input(batch_shape=(batch, steps, 2))
    for _ in range(d.int(1, 2)):
        x = getattr(L, d.pick("SimpleRNN", "LSTM", "GRU"))(d.int(1, 3), stateful=True, return_sequences=True, **d.options(go_backwards=[True], unroll=[True]))(x)
    x = L.Bidirectional(L.GRU(2, stateful=True))(x) if d.maybe(0.3) else getattr(L, d.pick("SimpleRNN", "LSTM", "GRU"))(2, stateful=True)(x)
    return [inputs], [x], [d.floats(batch * d.int(1, 4), steps, 2)]


def weights_of(d, target):
    """One per sample, or one per step where targets have steps: there Keras 3.4 does not spread the weights of samples."""
    return d.floats(*(target.shape[:2] if target.ndim > 2 else target.shape[:1]), low=0, high=2)


def by(d, names, values):
    """A list, or a dictionary by the names of outputs."""
    return dict(zip(names, values)) if d.maybe() else values


def callbacks(d, monitors, scheduled):
    chosen = []
    if d.maybe(0.4):
        chosen.append(("EarlyStopping", {"monitor": d.pick(*monitors), "patience": d.int(0, 1), **d.options(restore_best_weights=[True], min_delta=[0.01], start_from_epoch=[1], mode=["min", "max"], baseline=[0.5])}))
    if d.maybe(0.4) and not scheduled:
        chosen.append(("ReduceLROnPlateau", {"monitor": d.pick(*monitors), "patience": d.int(1, 2), "factor": 0.5, **d.options(cooldown=[1], min_lr=[1e-3], min_delta=[0.05])}))
    if d.maybe(0.2) and not scheduled:
        chosen.append(("LearningRateScheduler", {"by": d.pick(0.5, 0.9)}))
    if d.maybe(0.2):
        chosen.append(("TerminateOnNaN", {}))
    return chosen


def training(build):
    def draw(d):
        policy = "float32" if build is stateful_model else d.pick(*POLICIES, "float32", "float32")
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            inputs, xs, data = build(d)
            heads = [head(d, x, data[0].shape[0]) for x in xs]
            made = keras.Model(inputs, [y for y, *_ in heads] if len(heads) > 1 else heads[0][0])
        finally:
            keras.config.set_dtype_policy(before)
        names, several = list(made.output_names), len(heads) > 1
        targets = [t for _, t, _, _ in heads]
        metrics = [m[: d.int(0, len(m))] for *_, m in heads]
        losses = [loss for _, _, loss, _ in heads]
        compiled = {"optimizer": optimizer(d, policy), "loss": by(d, names, losses) if several else losses[0]}
        if d.maybe(0.8):
            compiled["metrics"] = by(d, names, metrics) if several else metrics[0]
        if d.maybe(0.3):
            weighted = [[keras.metrics.MeanSquaredError(name="wm")] if loss.name != "sparse_categorical_crossentropy" else [] for loss in losses]
            compiled["weighted_metrics"] = weighted if several else weighted[0]
        if several and d.maybe():
            weights = [d.real(0.2, 2) for _ in heads]
            compiled["loss_weights"] = dict(zip(names, weights)) if isinstance(compiled["loss"], dict) else weights
        batch = data[0].shape[0]
        stateful = made.input_shape[0] is not None if not isinstance(made.input_shape, list) else False
        size = made.input_shape[0] if stateful else d.pick(batch, 2, 3)
        fit = {"epochs": d.int(1, 4), "batch_size": size}
        if d.maybe(0.35):
            weights = [weights_of(d, t) for t in targets]
            fit["sample_weight"] = by(d, names, weights) if several else weights[0]
        elif not several and losses[0].name in ("sparse_categorical_crossentropy", "categorical_crossentropy") and targets[0].ndim == (1 if losses[0].name.startswith("sparse") else 2) and d.maybe():
            fit["class_weight"] = {0: 0.5, 1: 1.0, 2: d.real(0, 3)}
        if not stateful:
            how = d.pick("none", "split", "data", "data")
            if how == "split" and batch >= 4 and "sample_weight" not in fit:
                fit["validation_split"] = 0.3
            elif how != "none":
                part = slice(0, d.int(1, batch))
                extra = [[weights_of(d, t)[part] for t in targets]] if d.maybe(0.3) else []
                fit["validation_data"] = [[x[part] for x in data], [t[part] for t in targets], *extra]
            if how != "none":
                # Keras 3.4 goes on where the last validation with validation_steps stopped, which it says it does not.
                fit |= d.options(validation_freq=[2, [1, 3]], validation_batch_size=[2])
        fit |= d.options(initial_epoch=[1]) if fit["epochs"] > 1 else {}
        if d.maybe(0.2) and not stateful and "validation_split" not in fit:
            # Where the data end, an epoch of Keras 3.4 has no steps at all.
            fit["steps_per_epoch"] = d.int(1, max(1, -(-batch // size)))
            fit["epochs"] = max(1, -(-batch // size) // fit["steps_per_epoch"])
            fit.pop("initial_epoch", None)
        monitors = ["loss", "val_loss"] if "validation_data" in fit or "validation_split" in fit else ["loss"]
        batches = [{"kind": d.pick("train", "test", "predict"), "weighted": d.maybe(0.3), "classes": not several and "class_weight" in fit} for _ in range(d.int(1, 4))]
        rate = getattr(compiled["optimizer"], "_learning_rate", None)
        scheduled = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
        summary = {"line_length": d.pick(60, 70, 88, 120, 150), "expand_nested": d.maybe(), "show_trainable": d.maybe()}
        if d.maybe(0.2):
            made.layers[d.int(0, len(made.layers) - 1)].trainable = False
        return {"model": made, "inputs": data, "targets": targets, "policy": policy, "compile": compiled, "fit": fit, "callbacks": callbacks(d, monitors, scheduled), "batches": [] if stateful and batch != size else batches, "summary": summary, "by_name": d.maybe(0.4)}

    return draw


DRAWS = {
    "random_training": {
        "sequence_training": training(sequence_model),
        "image_training": training(image_model),
        "table_training": training(table_model),
        "joined_training": training(joined_model),
        "stateful_training": training(stateful_model),
    }
}
