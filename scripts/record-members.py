"""Records the public methods and properties of Keras's classes, beside the class they are inherited from.

    KERAS_BACKEND=torch python scripts/record-members.py > test/fixtures/keras/members.json

Reads the list of symbols beside it (symbols.json), so that both tell of the same names; attributes that only instances
have are no part of it.
"""

import inspect
import json
import sys
from pathlib import Path

import keras

fixtures = Path(__file__).parent.parent / "test" / "fixtures" / "keras"
symbols = json.loads((fixtures / "symbols.json").read_text())["symbols"]


def resolve(path):
    found = keras
    for name in path.split(".")[1:]:
        found = getattr(found, name, None)
    return found


paths = {}
for symbol in symbols:
    found = resolve(symbol)
    if inspect.isclass(found) and found.__module__.startswith("keras."):
        paths.setdefault(found, symbol)


def members(cls):
    """Names that Keras's own classes define: not those of torch.nn.Module and other foreign bases."""
    own = [base for base in cls.__mro__ if base.__module__.startswith("keras.") and ".backend.torch" not in base.__module__]
    names = {name for base in own for name in vars(base)}
    return {name for name in names if not name.startswith("_") and not inspect.isclass(getattr(cls, name, None))}


recorded = {}
for cls, path in sorted(paths.items(), key=lambda entry: entry[1]):
    base = next((parent for parent in cls.__mro__[1:] if parent in paths), None)
    names = members(cls) - (members(base) if base is not None else set())
    if names:
        recorded[path] = sorted(names)
json.dump({"keras": keras.__version__, "members": recorded}, sys.stdout, indent=0)
