#!/usr/bin/env python3
"""Fits one of scikit-learn's estimators to data from standard input (JSON), prints its score and the seconds that it took.

Called by bench/classical.ts. Needs scikit-learn.
"""
import json, sys, time
import numpy as np
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.svm import SVC

data = json.load(sys.stdin)
x, seed, task = np.array(data["x"]), data["seed"], data["task"]
if task == "dictionary":
    start = time.time()
    learning = MiniBatchDictionaryLearning(
        n_components=80, alpha=data["alpha"], max_iter=40, batch_size=128, fit_algorithm="cd", transform_algorithm="lasso_cd",
        random_state=0, tol=0, max_no_improvement=None,
    ).fit(x)
    seconds = time.time() - start
    d = learning.components_
    codes = sparse_encode(x, d, algorithm="lasso_cd", alpha=data["alpha"], max_iter=10000)
    objective = (0.5 * ((x - codes @ d) ** 2).sum() + data["alpha"] * np.abs(codes).sum()) / len(x)
    print(json.dumps(dict(score=objective, seconds=seconds, components=d.tolist())))
    sys.exit()
estimator = {
    "svc": lambda: SVC(),
    "forest": lambda: RandomForestRegressor(random_state=seed, n_jobs=-1) if task.endswith("diabetes") else RandomForestClassifier(random_state=seed, n_jobs=-1),
}[task.split()[0]]()
start = time.time()
estimator.fit(x, np.array(data["y"]))
seconds = time.time() - start
print(json.dumps(dict(score=estimator.score(np.array(data["xTest"]), np.array(data["yTest"])), seconds=seconds)))
