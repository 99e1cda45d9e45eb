"""Cases as the recorded ones of Keras are stored: see the format in test/keras/cases.ts."""

import base64
import math

import keras
import numpy as np


def stored(array):
    array = np.asarray(array)
    dtype = str(array.dtype)
    if array.dtype.kind in "US" or array.dtype == object:
        texts = [t.decode("utf-8") if isinstance(t, bytes) else str(t) for t in array.reshape(-1)]
        return {"shape": list(array.shape), "dtype": "string", "data": texts}
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], -1).astype("float32")
        return {"shape": list(array.shape), "dtype": "float32", "complex": True, "data": base64.b64encode(array.tobytes()).decode()}
    if array.dtype == np.bool_:
        array, dtype = array.astype(np.uint8), "bool"
    return {"shape": list(array.shape), "dtype": dtype, "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def plain(value):
    """Configurations and arguments: tuples are lists, arrays stored, numbers that JSON has not are texts."""
    if isinstance(value, np.ndarray):
        return stored(value)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return value.decode()
    if value is None or isinstance(value, (str, int, float)):
        return value
    return plain(keras.saving.serialize_keras_object(value))
