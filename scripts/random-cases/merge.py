"""Joins what two backends of Keras recorded: python merge.py FOLDER_OF_TENSORFLOW FOLDER_OF_TORCH OUT

TensorFlow's numbers stand, torch's where TensorFlow refuses; `other_backend` says whether the two agree. Cases that both
refuse are kept with their messages under `refused`.
"""

import base64
import json
import os
import sys

import numpy as np

KINDS = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "int64": "<i8", "uint8": "u1", "bool": "u1"}


def array(stored):
    if stored["dtype"] not in KINDS:
        return np.array(stored["data"])
    return np.frombuffer(base64.b64decode(stored["data"]), KINDS[stored["dtype"]]).reshape(stored["shape"])


def differences(a, b, path, found):
    if isinstance(a, dict) and isinstance(b, dict):
        if "dtype" in a and "shape" in a and "data" in a:
            if "dtype" not in b or a["shape"] != b["shape"] or a["dtype"].replace("64", "32") != b["dtype"].replace("64", "32"):
                found.append(path)
                return
            x, y = array(a), array(b)
            if x.dtype.kind == "f":
                size = np.max(np.abs(x[np.isfinite(x)]), initial=0)
                if not np.all((np.isnan(x) & np.isnan(y)) | (x == y) | (np.abs(x - y) <= 1e-5 + 3e-5 * size)):
                    found.append(path)
            elif not np.array_equal(x, y):
                found.append(path)
            return
        for key in a:
            differences(a[key], b.get(key), path or key, found)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for x, y in zip(a, b):
            differences(x, y, path, found)
    elif isinstance(a, float) and isinstance(b, (int, float)):
        if abs(a - b) > 1e-5 + 3e-5 * abs(a):
            found.append(path)
    elif a != b and not isinstance(a, str):
        found.append(path)


def main():
    first, second, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    for name in sorted(os.listdir(first)):
        a = json.load(open(os.path.join(first, name)))
        other = os.path.join(second, name)
        b = json.load(open(other)) if os.path.exists(other) else {"cases": [], "refused": []}
        ours, theirs = ({case["id"]: case for case in x["cases"]} for x in (a, b))
        cases, split = [], 0
        for id, case in ours.items():
            if id in theirs:
                found = []
                compared = {k: v for k, v in case.items() if k not in ("config", "serialized", "backend", "kwargs")}
                differences(compared, theirs[id], "", found)
                if found:
                    split += 1
                    case["other_backend"] = {"backend": "torch", "disagrees_in": sorted(set(found))}
                    case["torch"] = theirs[id]
            cases.append(case)
        cases += [case for id, case in theirs.items() if id not in ours]
        known = {case["id"] for case in cases}
        refused = [r for r in a["refused"] if r["id"] not in known]
        with open(os.path.join(out, name), "w") as file:
            json.dump({**a, "cases": cases, "refused": refused}, file)
        print(f"{name}: {len(cases)} cases, {split} on which the backends disagree, {len(refused)} refused by both")


main()
