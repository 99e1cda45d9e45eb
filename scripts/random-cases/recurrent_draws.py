"""Random recurrent and attention layers with inputs, masks and states."""

import keras
import numpy as np

from layer_draws import ACTIVATIONS, formats, image, is_first, one, penalties, tensor_of

L = keras.layers


def sequence_options(d):
    kwargs = {}
    for key in ("return_sequences", "return_state", "go_backwards", "unroll", "zero_output_for_mask", "stateful"):
        if d.maybe({"return_sequences": 0.5, "return_state": 0.3, "go_backwards": 0.3}.get(key, 0.15)):
            kwargs[key] = True
    return kwargs


def cell_options(d, cls):
    kwargs = {"units": d.int(1, 4), **d.options(activation=["relu", "tanh", "sigmoid", "softsign", None], use_bias=[False, True])}
    if cls != "SimpleRNN":
        kwargs |= d.options(recurrent_activation=["sigmoid", "hard_sigmoid", "tanh"])
    if cls == "LSTM":
        kwargs |= d.options(unit_forget_bias=[False])
    if cls == "GRU":
        kwargs |= d.options(reset_after=[False, True])
    return kwargs


def states_of(d, cls, batch, units):
    return [d.floats(batch, units) for _ in range(2 if cls == "LSTM" else 1)]


def recurrent(cls):
    def draw(d):
        kwargs = {**cell_options(d, cls), **sequence_options(d)}
        kwargs |= penalties(d, "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer")
        if d.maybe(0.15):
            kwargs |= {"dropout": 0.3, "recurrent_dropout": d.pick(0.0, 0.2)}
        x = d.floats(d.int(1, 3), d.int(1, 6), d.int(1, 4))
        call = {}
        if "dropout" in kwargs:
            call["training"] = False
        if d.maybe(0.45):
            call["mask"] = d.mask(*x.shape[:2])
        if d.maybe(0.3) and not kwargs.get("stateful"):
            call["initial_state"] = states_of(d, cls, x.shape[0], kwargs["units"])
        return one(getattr(L, cls)(**kwargs), x, kwargs, call=call, mask_of_output="mask" in call)

    return draw


def cell(cls):
    def draw(d):
        kwargs = cell_options(d, cls)
        x = d.floats(d.int(1, 3), d.int(1, 4))
        call = {"states": states_of(d, cls, x.shape[0], kwargs["units"])}
        return one(getattr(L, f"{cls}Cell")(**kwargs), x, kwargs, call=call)

    return draw


def some_cell(d):
    cls = d.pick("SimpleRNN", "LSTM", "GRU")
    kwargs = cell_options(d, cls)
    return cls, kwargs, getattr(L, f"{cls}Cell")(**kwargs)


def rnn(d):
    cells = [some_cell(d) for _ in range(d.int(1, 3))]
    layers = [c for _, _, c in cells]
    options = sequence_options(d)
    options.pop("stateful", None)
    layer = L.RNN(layers if len(layers) > 1 or d.maybe() else layers[0], **options)
    x = d.floats(d.int(1, 3), d.int(1, 5), d.int(1, 4))
    call = {"mask": d.mask(*x.shape[:2])} if d.maybe() else {}
    return one(layer, x, None, call=call)


def stacked(d):
    cells = [some_cell(d) for _ in range(d.int(1, 3))]
    x = d.floats(d.int(1, 3), d.int(1, 4))
    states = [states_of(d, cls, x.shape[0], kwargs["units"]) for cls, kwargs, _ in cells]
    states = [s if len(s) > 1 or d.maybe(0) else s for s in states]
    return one(L.StackedRNNCells([c for _, _, c in cells]), x, None, call={"states": states})


def bidirectional(d):
    cls = d.pick("SimpleRNN", "LSTM", "GRU")
    kwargs = cell_options(d, cls)
    options = sequence_options(d)
    options.pop("unroll", None)
    options.pop("stateful", None)
    more = d.options(merge_mode=["concat", "sum", "mul", "ave", None])
    if d.maybe(0.25) and not options.get("return_state"):
        backward = {**options, "go_backwards": True}
        options.pop("go_backwards", None)
        more["backward_layer"] = L.GRU(units=kwargs["units"], **backward)
    layer = L.Bidirectional(getattr(L, cls)(**kwargs, **options), **more)
    x = d.floats(d.int(1, 3), d.int(1, 5), d.int(1, 4))
    call = {}
    if d.maybe(0.4):
        call["mask"] = d.mask(*x.shape[:2])
    if d.maybe(0.25) and "backward_layer" not in more:
        call["initial_state"] = [*states_of(d, cls, x.shape[0], kwargs["units"]), *states_of(d, cls, x.shape[0], kwargs["units"])]
    return one(layer, x, None, call=call, mask_of_output="mask" in call)


def time_distributed(d):
    kind = d.pick("Dense", "Conv1D", "Flatten", "BatchNormalization", "LSTM", "LayerNormalization", "GlobalMaxPooling1D", "Dropout")
    shape = [d.int(1, 3), d.int(1, 4)]
    layer, rest, call = {
        "Dense": lambda: (L.Dense(d.int(1, 4), activation=d.pick(*ACTIVATIONS)), d.sizes(d.int(1, 2), 1, 4), {}),
        "Conv1D": lambda: (L.Conv1D(d.int(1, 3), 2, padding="same"), d.sizes(2, 1, 4), {}),
        "Flatten": lambda: (L.Flatten(), d.sizes(2, 1, 3), {}),
        "BatchNormalization": lambda: (L.BatchNormalization(), d.sizes(d.int(1, 2), 1, 4), {"training": d.maybe()}),
        "LSTM": lambda: (L.LSTM(d.int(1, 3), return_sequences=d.maybe()), d.sizes(2, 1, 4), {}),
        "LayerNormalization": lambda: (L.LayerNormalization(), d.sizes(1, 1, 4), {}),
        "GlobalMaxPooling1D": lambda: (L.GlobalMaxPooling1D(), d.sizes(2, 1, 4), {}),
        "Dropout": lambda: (L.Dropout(0.5), d.sizes(1, 1, 4), {"training": False}),
    }[kind]()
    if d.maybe(0.3):
        call["mask"] = d.mask(*shape)
    return one(L.TimeDistributed(layer), d.floats(*shape, *rest), None, call=call, mask_of_output="mask" in call)


def conv_lstm(rank):
    def draw(d):
        kwargs = {"filters": d.int(1, 3), "kernel_size": d.per_axis(rank, 1, 3 if rank < 3 else 2), **formats(d)}
        kwargs |= d.options(padding=["same", "valid"], use_bias=[False], activation=["tanh", "relu"], recurrent_activation=["hard_sigmoid"])
        if d.maybe(0.3):
            kwargs["kernel_size"] = d.int(1, 2)
            kwargs[d.pick("strides", "dilation_rate")] = d.int(1, 2)
        kwargs |= sequence_options(d)
        for key in ("unroll", "stateful"):
            kwargs.pop(key, None)
        frame = image(d, rank, is_first(kwargs), low=3, high=5 if rank < 3 else 4)[:2]
        x = d.floats(frame.shape[0], d.int(1, 3), *frame.shape[1:])
        call = {"mask": d.mask(*x.shape[:2])} if d.maybe(0.35) else {}
        return one(getattr(L, f"ConvLSTM{rank}D")(**kwargs), x, kwargs, call=call)

    return draw


def attention(cls):
    def draw(d):
        kwargs = d.options(use_scale=[True, False])
        if cls == "Attention" and d.maybe(0.3):
            kwargs["score_mode"] = "concat"
        if d.maybe(0.15):
            kwargs["dropout"] = 0.4
        batch, tq, tv, depth = d.int(1, 3), d.int(1, 5), d.int(1, 5), d.int(1, 4)
        three = d.maybe(0.4)
        inputs = [d.floats(batch, tq, depth), d.floats(batch, tv, d.int(1, 4) if three else depth)]
        if three:
            inputs.append(d.floats(batch, tv, depth))
        call = d.options(use_causal_mask=[True], return_attention_scores=[True])
        if "dropout" in kwargs:
            call["training"] = False
        if d.maybe():
            call["mask"] = [d.mask(batch, tq) if d.maybe(0.7) else None, d.mask(batch, tv) if d.maybe(0.7) else None]
            if call["mask"][1] is not None and not call.get("use_causal_mask"):
                # Keras 3.4 gives it no axis of queries of its own.
                call["mask"][1] = call["mask"][1][:, None]
            if three and d.maybe():
                call["mask"].append(None)
        return {"layer": getattr(L, cls)(**kwargs), "inputs": inputs, "inputs_as": "list", "kwargs": kwargs, "call": call, "mask_of_output": "mask" in call}

    return draw


def attention_inputs(d, rank=1):
    batch, depth = d.int(1, 3), d.int(1, 5)
    tq, tv = d.sizes(rank, 1, 4), d.sizes(rank, 1, 4)
    inputs = [d.floats(batch, *tq, depth), d.floats(batch, *tv, d.int(1, 5))]
    if d.maybe(0.5):
        inputs.append(d.floats(batch, *tv, d.int(1, 5)))
    return batch, tq, tv, inputs


def attention_call(d, batch, tq, tv, heads, masks=True):
    call = d.options(use_causal_mask=[True], return_attention_scores=[True])
    if d.maybe(0.4):
        call["attention_mask"] = d.bools(batch, *([heads] if d.maybe(0.2) else []), *tq, *tv, p=0.7)
    if masks:
        for key, length in (("query_mask", tq), ("value_mask", tv), ("key_mask", tv)):
            if d.maybe(0.25):
                call[key] = d.mask(batch, *length)
    return call


def multi_head(d):
    rank = d.pick(1, 1, 1, 2)
    batch, tq, tv, inputs = attention_inputs(d, rank)
    kwargs = {"num_heads": d.int(1, 3), "key_dim": d.int(1, 4)}
    kwargs |= d.options(value_dim=[1, 3], use_bias=[False], output_shape=lambda: d.pick(d.int(1, 5), [d.int(1, 3), d.int(1, 3)]))
    if rank == 2:
        kwargs["attention_axes"] = d.pick([1, 2], [1], [2], [2, 1], None)
        if kwargs["attention_axes"] in ([1], [2]):
            axis = kwargs["attention_axes"][0]
            other = 3 - axis
            shapes = [list(x.shape) for x in inputs]
            for s in shapes[1:]:
                s[other] = shapes[0][other]
            inputs = [d.floats(*s) for s in shapes]
            call = d.options(return_attention_scores=[True])
        else:
            call = attention_call(d, batch, tq, tv, kwargs["num_heads"], masks=False)
            call.pop("use_causal_mask", None)
    else:
        call = attention_call(d, batch, tq, tv, kwargs["num_heads"])
    if d.maybe(0.2):
        kwargs["dropout"] = 0.4
        call["training"] = False
    kwargs |= penalties(d, "kernel_regularizer", "bias_regularizer", "activity_regularizer")
    return {"layer": L.MultiHeadAttention(**kwargs), "inputs": inputs, "inputs_as": "positional", "kwargs": kwargs, "call": call}


def grouped_query(d):
    batch, tq, tv, inputs = attention_inputs(d)
    groups = d.int(1, 3)
    kwargs = {"head_dim": d.int(1, 4), "num_query_heads": groups * d.int(1, 2), "num_key_value_heads": groups, **d.options(use_bias=[False])}
    call = attention_call(d, batch, tq, tv, kwargs["num_query_heads"])
    return {"layer": L.GroupQueryAttention(**kwargs), "inputs": inputs, "inputs_as": "positional", "kwargs": kwargs, "call": call}


DRAWS = {
    "layers_recurrent": {
        **{cls: recurrent(cls) for cls in ("SimpleRNN", "LSTM", "GRU")},
        **{f"{cls}Cell": cell(cls) for cls in ("SimpleRNN", "LSTM", "GRU")},
        "RNN": rnn,
        "StackedRNNCells": stacked,
        "Bidirectional": bidirectional,
        "TimeDistributed": time_distributed,
        **{f"ConvLSTM{n}D": conv_lstm(n) for n in (1, 2, 3)},
    },
    "layers_attention": {
        "Attention": attention("Attention"),
        "AdditiveAttention": attention("AdditiveAttention"),
        "MultiHeadAttention": multi_head,
        "GroupQueryAttention": grouped_query,
    },
}
