"""Random layers that remember: several calls of one layer, states set back between them, training and inference."""

import keras
import numpy as np

L = keras.layers


def calls(d, inputs, reset=True, training=(None,), masks=None):
    made = []
    for _ in range(d.int(2, 5)):
        call = {"inputs": inputs(), "training": d.pick(*training), "reset": reset and d.maybe(0.25)}
        if masks is not None and d.maybe(0.4):
            call["mask"] = masks()
        made.append(call)
    return made


def recurrent(cls):
    def draw(d):
        batch, steps, width = d.int(1, 3), d.int(1, 4), d.int(1, 3)
        kwargs = d.options(return_sequences=[True], go_backwards=[True], unroll=[True], zero_output_for_mask=[True], use_bias=[False], return_state=[True])
        if cls == "GRU":
            kwargs |= d.options(reset_after=[False])
        units = d.int(1, 4)
        return {"layer": getattr(L, cls)(units, stateful=True, **kwargs), "calls": calls(d, lambda: d.floats(batch, steps, width), masks=lambda: d.mask(batch, steps))}

    return draw


def cells(d):
    batch, steps, width = d.int(1, 3), d.int(1, 4), d.int(1, 3)
    cell = lambda: getattr(L, d.pick("SimpleRNNCell", "LSTMCell", "GRUCell"))(d.int(1, 3))  # noqa: E731
    inner = d.pick(cell, lambda: [cell(), cell()], lambda: L.StackedRNNCells([cell(), cell(), cell()]))()
    layer = L.RNN(inner, stateful=True, **d.options(return_sequences=[True], go_backwards=[True]))
    return {"layer": layer, "calls": calls(d, lambda: d.floats(batch, steps, width), masks=lambda: d.mask(batch, steps))}


def bidirectional(d):
    batch, steps, width = d.int(1, 3), d.int(1, 4), d.int(1, 3)
    inner = getattr(L, d.pick("SimpleRNN", "LSTM", "GRU"))(d.int(1, 3), stateful=True, return_sequences=d.maybe())
    layer = L.Bidirectional(inner, merge_mode=d.pick("concat", "sum", "mul", "ave"))
    return {"layer": layer, "calls": calls(d, lambda: d.floats(batch, steps, width), masks=lambda: d.mask(batch, steps))}


def conv_lstm(rank):
    def draw(d):
        batch, steps, channels = d.int(1, 2), d.int(1, 3), d.int(1, 2)
        size = d.sizes(rank, 3, 4)
        kwargs = d.options(return_sequences=[True], padding=["same"], go_backwards=[True])
        layer = getattr(L, f"ConvLSTM{rank}D")(d.int(1, 2), d.int(1, 2), stateful=True, **kwargs)
        return {"layer": layer, "calls": calls(d, lambda: d.floats(batch, steps, *size, channels))}

    return draw


def batch_normalization(d):
    rank = d.int(2, 4)
    shape = d.sizes(rank - 1, 1, 4)
    axis = d.pick(-1, rank - 1, 1)
    kwargs = {"axis": axis, **d.options(momentum=[0.5, 0.9, 0.0], epsilon=[1e-2], center=[False], scale=[False])}
    if d.maybe(0.2):
        kwargs["trainable"] = False
    sizes = lambda: [d.int(1, 5), *shape]  # noqa: E731
    made = []
    for _ in range(d.int(2, 6)):
        x = d.floats(*sizes())
        call = {"inputs": x, "training": d.pick(True, True, False, None), "reset": False}
        if rank == 3 and axis != 1 and d.maybe(0.4):
            mask = d.mask(*x.shape[:2])
            mask[0, 0] = True
            call["mask"] = mask
        made.append(call)
    return {"layer": L.BatchNormalization(**kwargs), "calls": made}


def spectral(d):
    inner, shape = d.pick((lambda: L.Dense(d.int(1, 4)), [d.int(1, 3), d.int(1, 4)]), (lambda: L.Conv2D(d.int(1, 3), d.int(1, 2), padding="same"), [2, 3, 3, d.int(1, 3)]), (lambda: L.Conv1D(2, 2), [2, 4, 2]))
    layer = L.SpectralNormalization(inner(), power_iterations=d.int(1, 3))
    return {"layer": layer, "calls": calls(d, lambda: d.floats(*shape), reset=False, training=(True, True, False, None))}


def distributed(d):
    batch, steps, width = d.int(1, 3), d.int(1, 3), d.int(1, 3)
    layer = L.TimeDistributed(d.pick(lambda: L.BatchNormalization(momentum=0.7), lambda: keras.Sequential([keras.Input((width,)), L.Dense(2), L.BatchNormalization(momentum=0.5)]))())
    return {"layer": layer, "calls": calls(d, lambda: d.floats(batch, steps, width), reset=False, training=(True, False, None))}


DRAWS = {
    "layer_states": {
        **{f"stateful_{c}": recurrent(c) for c in ("SimpleRNN", "LSTM", "GRU")},
        "stateful_RNN": cells,
        "stateful_Bidirectional": bidirectional,
        **{f"stateful_ConvLSTM{r}D": conv_lstm(r) for r in (1, 2, 3)},
        "training_BatchNormalization": batch_normalization,
        "training_SpectralNormalization": spectral,
        "training_TimeDistributed": distributed,
    }
}
