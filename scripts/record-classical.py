"""Records what scikit-learn (1.2.1) computes, for the tests of src/classical: test/fixtures/classical.json.

    python3 scripts/record-classical.py FOLDER_OF_TABLES
"""
import json, os, sys
import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.svm import SVC, LinearSVC

folder = sys.argv[1]


def table(name):
    rows = np.loadtxt(os.path.join(folder, name + ".csv"), delimiter=",", skiprows=1)
    return rows[:, :-1], rows[:, -1]


def rounded(values):
    return np.round(values, 6).tolist()


out = {"svc": {}, "linearSvc": {}}

# Iris: every second row to learn from; decision values of every fifth of the others.
x, y = table("iris")
kernels = {
    "linear": dict(kernel="linear"),
    "poly": dict(kernel="poly", coef0=1, degree=2),
    "rbf": dict(kernel="rbf", C=10),
    "sigmoid": dict(kernel="sigmoid", gamma=0.01, coef0=0.1),
}
for name, options in kernels.items():
    svc = SVC(tol=1e-6, **options).fit(x[::2], y[::2])
    pairs = SVC(tol=1e-6, decision_function_shape="ovo", **options).fit(x[::2], y[::2])
    out["svc"][name] = dict(
        ovr=rounded(svc.decision_function(x[1::10])),
        ovo=rounded(pairs.decision_function(x[1::10])),
        score=svc.score(x[1::2], y[1::2]),
    )
    out["svc"][name]["support"] = sorted(svc.support_.tolist())

# Breast cancer, standardized by the rows that are learnt from.
x, y = table("breast_cancer")
z = (x - x[::2].mean(0)) / x[::2].std(0)
for name, weight in [("plain", None), ("balanced", "balanced")]:
    svc = SVC(tol=1e-6, class_weight=weight).fit(z[::2], y[::2])
    out["svc"]["cancer " + name] = dict(decision=rounded(svc.decision_function(z[1::20])), score=svc.score(z[1::2], y[1::2]))
proba = SVC(probability=True, random_state=0).fit(z[::2], y[::2]).predict_proba(z[1::2])[:, 1]
out["svc"]["cancer probability"] = rounded(proba[::10])
for loss in ["hinge", "squared_hinge"]:
    svc = LinearSVC(C=0.1, loss=loss, tol=1e-10, max_iter=1000000).fit(z[::2], y[::2])
    out["linearSvc"][loss] = dict(coef=rounded(svc.coef_[0]), intercept=rounded(svc.intercept_), score=svc.score(z[1::2], y[1::2]))

# Forests: the mean and the spread over ten seeds, every fourth row held out.
x, y = table("wine")
held = np.arange(len(y)) % 4 == 0
scores = [RandomForestClassifier(n_estimators=50, random_state=s, oob_score=True).fit(x[~held], y[~held]) for s in range(10)]
out["forestClassifier"] = dict(
    score=np.mean([f.score(x[held], y[held]) for f in scores]),
    oob=np.mean([f.oob_score_ for f in scores]),
    importances=rounded(np.mean([f.feature_importances_ for f in scores], 0)),
)
x, y = table("diabetes")
held = np.arange(len(y)) % 4 == 0
scores = [RandomForestRegressor(n_estimators=50, random_state=s, oob_score=True).fit(x[~held], y[~held]) for s in range(10)]
out["forestRegressor"] = dict(
    score=np.mean([f.score(x[held], y[held]) for f in scores]),
    scoreSpread=np.std([f.score(x[held], y[held]) for f in scores]),
    oob=np.mean([f.oob_score_ for f in scores]),
    importances=rounded(np.mean([f.feature_importances_ for f in scores], 0)),
)

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(root, "test", "fixtures", "classical.json"), "w") as file:
    json.dump(out, file)
    file.write("\n")
