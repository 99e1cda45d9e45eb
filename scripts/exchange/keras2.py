"""Legacy .h5 files as tf.keras 2 writes them, and what it makes of them.

    python scripts/exchange/keras2.py FOLDER [--only NAME]
        writes, per model, NAME.h5, NAME.weights.h5 (weights alone) and NAME.io.json: data, and what Keras makes of it

Needs tf_keras (the last Keras 2) and tensorflow. test/keras/keras2.slow.test.ts runs it where NABLA_PYTHON has both; what
it wrote once stands, packed by gzip, in test/fixtures/keras2.
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

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras as keras  # noqa: E402

layers = keras.layers
FIT = dict(batch_size=4, epochs=2, shuffle=False, verbose=0)
models = {}


def model(f):
    models[f.__name__] = f
    return f


def floats(*shape):
    return np.random.default_rng(7).normal(size=shape).astype("float32")


def whole(high, *shape):
    return np.random.default_rng(8).integers(0, high, size=shape).astype("int32")


@model
def sequential():
    m = keras.Sequential([layers.Dense(5, activation="relu", input_shape=(4,)), layers.BatchNormalization(), layers.Dropout(0.0), layers.Dense(3, activation="softmax")])
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return m, floats(8, 4), whole(3, 8)


@model
def input_layer_first():
    m = keras.Sequential([keras.Input((4,), name="given"), layers.Dense(2, kernel_regularizer="l2", kernel_initializer=keras.initializers.Orthogonal())])
    m.compile(keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), keras.losses.Huber(delta=0.5), metrics=[keras.metrics.MeanAbsoluteError(name="off")])
    return m, floats(8, 4), floats(8, 2)


@model
def shared_layers():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, activation=keras.activations.tanh, name="shared")
    x = layers.Concatenate()([shared(a), shared(b)])
    y = layers.Add(name="sum")([shared(b), layers.Dense(3)(x)])
    z = layers.Dense(1, activation="sigmoid", name="gate")(y)
    m = keras.Model([a, b], [y, z])
    m.compile(keras.optimizers.RMSprop(0.01, momentum=0.3, centered=True), {"sum": "mse", "gate": "binary_crossentropy"}, loss_weights={"sum": 1.0, "gate": 0.5}, metrics={"gate": ["accuracy", "mae"]})
    return m, [floats(8, 4), floats(8, 4) + 1], [floats(8, 3), whole(2, 8, 1).astype("float32")]


def block(units, name):
    i = keras.Input((units,))
    return keras.Model(i, layers.Dense(units, activation="relu")(layers.Dense(units)(i)), name=name)


@model
def nested():
    i = keras.Input((4,))
    inner = block(4, "inner")
    seq = keras.Sequential([layers.Dense(4, input_shape=(4,), use_bias=False), layers.BatchNormalization()], name="seq")
    lazy = keras.Sequential([layers.Dense(4, activation="tanh"), layers.LayerNormalization()], name="lazy")
    x = layers.Add()([inner(i), seq(inner(i)), lazy(i)])
    m = keras.Model(i, [seq(x), block(4, "last")(x)])
    m.compile(keras.optimizers.Adam(0.01, amsgrad=True), "mse")
    return m, floats(8, 4), [floats(8, 4), floats(8, 4)]


@model
def nested_in_sequential():
    m = keras.Sequential([block(4, "first"), keras.Sequential([layers.Dense(2)]), layers.Softmax()])
    m.build((None, 4))
    m.compile("adagrad", "categorical_crossentropy")
    return m, floats(8, 4), np.eye(2, dtype="float32")[whole(2, 8)]


@model
def recurrent():
    i = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 4, mask_zero=True)(i)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.GRU(4, return_sequences=True)(x)
    x = layers.GRU(3, reset_after=False, return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    x = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)(x)
    m = keras.Model(i, layers.SimpleRNN(2)(x))
    m.compile(keras.optimizers.Nadam(0.01), "mse")
    return m, whole(10, 8, 6), floats(8, 2)


@model
def states():
    i = keras.Input((5, 3))
    o, h, c = layers.LSTM(4, return_state=True, return_sequences=True, name="encoder")(i)
    d = keras.Input((5, 3))
    y = layers.LSTM(4, return_sequences=True, name="decoder")(d, initial_state=[h, c])
    g = layers.GRU(4, name="reader")(y, initial_state=h)
    m = keras.Model([i, d], [layers.Dense(2)(g), o])
    m.compile(keras.optimizers.Adamax(0.01), "mse")
    return m, [floats(8, 5, 3), floats(8, 5, 3)], [floats(8, 2), floats(8, 5, 4)]


@model
def images():
    i = keras.Input((12, 12, 3))
    x = layers.Rescaling(0.5)(i)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.DepthwiseConv2D(3, strides=2)(x)
    x = layers.ReLU(6.0)(x)
    x = layers.SeparableConv2D(5, 3, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    x = layers.UpSampling2D(interpolation="bilinear")(x)
    x = layers.AveragePooling2D()(layers.MaxPooling2D()(x))
    x = layers.Cropping2D(1)(layers.ELU(0.7)(x))
    m = keras.Model(i, layers.Dense(3, activation="softmax")(layers.Flatten()(layers.SpatialDropout2D(0.0)(x))))
    m.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)), keras.losses.SparseCategoricalCrossentropy(), metrics=["sparse_categorical_accuracy"])
    return m, floats(4, 12, 12, 3), whole(3, 4)


@model
def attention():
    q, v = keras.Input((5, 8)), keras.Input((7, 8))
    x = layers.MultiHeadAttention(2, 4, name="mha")(q, v)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, q]))
    x = layers.MultiHeadAttention(2, 3, value_dim=5, use_bias=False, name="own")(x, x, use_causal_mask=True)
    x = layers.Attention(use_scale=True)([x, v])
    x = layers.AdditiveAttention()([x, v])
    m = keras.Model([q, v], layers.GlobalAveragePooling1D()(x))
    m.compile(newer("AdamW")(0.01), keras.losses.MeanSquaredError())
    return m, [floats(8, 5, 8), floats(8, 7, 8)], floats(8, 8)


@model
def sequences():
    i = keras.Input((9, 3))
    x = layers.Conv1D(4, 3, padding="causal", activation="swish")(i)
    x = layers.SeparableConv1D(4, 3, padding="same")(x)
    x = layers.MaxPooling1D(2)(layers.ZeroPadding1D(1)(x))
    x = layers.Permute((2, 1))(x)
    x = layers.Reshape((5, 4))(x)
    x = layers.Dot(axes=2, normalize=True)([x, x])
    x = layers.Masking(0.5)(x)
    m = keras.Model(i, layers.Dense(2, bias_constraint="non_neg", kernel_constraint=keras.constraints.MaxNorm(2.0), activity_regularizer=keras.regularizers.L1L2(0.0, 0.0))(layers.GlobalMaxPooling1D()(x)))
    m.compile(keras.optimizers.Adadelta(0.1), "mae")
    return m, floats(8, 9, 3), floats(8, 2)


def plain(optimizer):
    i = keras.Input((4,))
    m = keras.Model(i, layers.Dense(2)(layers.Dense(3, activation="relu")(i)))
    m.compile(optimizer, "mse", metrics=["mse"])
    return m, floats(8, 4), floats(8, 2)


def legacy(name):
    return getattr(keras.optimizers.legacy, name, None) or getattr(sys.modules[f"tf_keras.optimizers.legacy.{MODULES.get(name, name.lower())}"], name)


def newer(name):
    return getattr(keras.optimizers, name, None) or getattr(sys.modules[f"tf_keras.optimizers.{name.lower()}"], name)


# Where tf_keras is a folder of its sources, it does not export everything.
MODULES = {"SGD": "gradient_descent"}
for name, optimizer in {
    "adam": lambda: legacy("Adam")(0.01, decay=0.1),
    "amsgrad": lambda: legacy("Adam")(0.01, amsgrad=True),
    "sgd": lambda: legacy("SGD")(0.1),
    "momentum": lambda: legacy("SGD")(0.1, momentum=0.9, clipnorm=1.0),
    "rmsprop": lambda: legacy("RMSprop")(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: legacy("Adagrad")(0.1),
    "adadelta": lambda: legacy("Adadelta")(0.5),
    "adamax": lambda: legacy("Adamax")(0.01),
    "nadam": lambda: legacy("Nadam")(0.01),
    "ftrl": lambda: legacy("Ftrl")(0.1, l1_regularization_strength=0.01),
    "scheduled": lambda: legacy("Adam")(keras.optimizers.schedules.ExponentialDecay(0.1, 20, 0.5)),
}.items():
    models[f"legacy_{name}"] = lambda optimizer=optimizer: plain(optimizer())
for name, optimizer in {
    "ftrl": lambda: keras.optimizers.Ftrl(0.1),
    "lion": lambda: newer("Lion")(0.01),
    "adafactor": lambda: newer("Adafactor")(0.01),
}.items():
    models[f"newer_{name}"] = lambda optimizer=optimizer: plain(optimizer())


@model
def operations():
    i = keras.Input((4, 6))
    x = tf.nn.relu(i) + 1.0
    x = x * tf.math.sigmoid(layers.Dense(6)(x)) - 0.5 / (tf.abs(x) + 2.0)
    x = tf.concat([x, tf.transpose(i, [0, 1, 2])], axis=-1)
    x = tf.reduce_mean(x, axis=1, keepdims=True)[:, 0, 2:]
    x = tf.reshape(tf.matmul(tf.reshape(x, [-1, 2, 5]), tf.reshape(x, [-1, 5, 2])), [-1, 4])
    m = keras.Model(i, layers.Dense(2)(tf.squeeze(tf.expand_dims(tf.exp(-tf.square(x)), 1), 1)))
    m.compile("adam", "mse")
    return m, floats(8, 4, 6), floats(8, 2)


def stored(array):
    array = np.asarray(array)
    if array.dtype.kind == "f":
        array = array.astype("float32")
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def mapped(value):
    return [mapped(v) for v in value] if isinstance(value, (list, tuple)) else stored(value)


def write(folder, name):
    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    m, x, y = models[name]()
    for index, weight in enumerate(m.weights):
        weight.assign_add(np.random.default_rng(index).uniform(0.01, 0.2, weight.shape))
    m.fit(x, y, **FIT)
    m.save(folder / f"{name}.h5")
    m.save_weights(folder / f"{name}.weights.h5")
    again = keras.models.load_model(folder / f"{name}.h5")
    io = {"x": mapped(x), "y": mapped(y), "predict": mapped(again.predict(x, verbose=0))}
    io["evaluate"] = again.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    io["history"] = {k: [float(n) for n in v] for k, v in again.fit(x, y, **FIT).history.items() if k != "lr"}
    io["predict_after"] = mapped(again.predict(x, verbose=0))
    (folder / f"{name}.io.json").write_text(json.dumps(io))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="", help="a regular expression of names")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for each in models:
        if re.search(given.only, each):
            try:
                write(given.folder, each)
            except Exception:
                print(each, traceback.format_exc()[-1500:])
