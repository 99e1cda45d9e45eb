"""Records random cases of Keras, in the format of the recorded ones.

    KERAS_BACKEND=tensorflow python scripts/random-cases/record.py --out FOLDER [--groups layers_core,ops] [--from 0] [--count 5] [--only Dense]

What a case is depends on its name and number alone, so that two backends record the same ones: `merge.py` joins them.
"""

import argparse
import importlib
import json
import os
import sys

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# oneDNN refuses inputs smaller than the kernel.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import keras  # noqa: E402
from keras.src.backend.common import global_state  # noqa: E402

from draw import Draw  # noqa: E402

# Modules with `DRAWS`, by group and name, and the module whose `record` runs what they draw.
ROOMS = (
    ("layer_draws", "layer_cases"),
    ("recurrent_draws", "layer_cases"),
    ("preprocessing_draws", "layer_cases"),
    ("adapt_draws", "adapt_cases"),
    ("op_draws", "op_cases"),
    ("linear_algebra_draws", "op_cases"),
    ("loss_draws", "loss_cases"),
    ("metric_draws", "metric_cases"),
    ("optimizer_draws", "optimizer_cases"),
    ("small_draws", "small_cases"),
    ("newer_op_draws", "op_cases"),
    ("layer_options_draws", "layer_cases"),
    ("loss_function_draws", "loss_cases"),
    ("other_draws", "other_cases"),
    ("model_draws", "model_cases"),
    ("training_draws", "training_cases"),
    ("state_draws", "state_cases"),
)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--groups", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--refused", default="", help="a folder that another backend recorded: only what it refused")
    args = parser.parse_args()
    groups = set(filter(None, args.groups.split(",")))
    only = set(filter(None, args.only.split(",")))
    os.makedirs(args.out, exist_ok=True)
    written = {}
    for draws, runner in ROOMS:
        try:
            rooms = importlib.import_module(draws).DRAWS
            record = importlib.import_module(runner).record
        except ModuleNotFoundError as missing:
            if missing.name in (draws, runner):
                continue
            raise
        for group, names in rooms.items():
            if groups and group not in groups:
                continue
            cases, refused = [], []
            wanted = None
            if args.refused:
                wanted = {r["id"] for r in json.load(open(os.path.join(args.refused, f"{group}.json")))["refused"]}
            for name, drawn in names.items():
                if only and name not in only:
                    continue
                for number in range(args.first, args.first + args.count):
                    if wanted is not None and f"random/{name}/{number}" not in wanted:
                        continue
                    draw = Draw(f"{group}/{name}", number)
                    try:
                        # Names start again; clear_session() would collect garbage for every case.
                        global_state.set_global_attribute("object_name_uids", None)
                        case = record(group, name, number, draw, drawn(draw))
                        json.dumps(case, allow_nan=False)
                    except Exception as error:
                        refused.append({"id": f"random/{name}/{number}", "error": f"{type(error).__name__}: {str(error)[:300]}"})
                        continue
                    case["backend"] = keras.backend.backend()
                    cases.append(case)
            path = os.path.join(args.out, f"{group}.json")
            # Several rooms draw for one group.
            old = written.setdefault(group, {"keras": keras.__version__, "group": group, "cases": [], "refused": []})
            old["cases"] += cases
            old["refused"] += refused
            with open(path, "w") as file:
                json.dump(old, file)
            print(f"{group}: {len(cases)} recorded, {len(refused)} refused", flush=True)


main()
