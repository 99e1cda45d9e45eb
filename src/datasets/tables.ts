/** The tables inside the package. Their rows are loaded when they are asked for. */
import { table, type Table } from "./table.ts";

/** R. A. Fisher's irises, 1936: sepals and petals of 50 flowers of each of three species. x `[150, 4]`, in cm. */
export const iris: Table = table("iris", {
  featureNames: ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
  targetNames: ["setosa", "versicolor", "virginica"],
  packed: async () => (await import("./data/iris.ts")).iris,
});

/** M. Forina's wines: chemical analysis of three cultivars of one region (59, 71 and 48). x `[178, 13]`. */
export const wine: Table = table("wine", {
  featureNames: [
    "alcohol",
    "malic acid",
    "ash",
    "alcalinity of ash",
    "magnesium",
    "total phenols",
    "flavanoids",
    "nonflavanoid phenols",
    "proanthocyanins",
    "color intensity",
    "hue",
    "OD280/OD315 of diluted wines",
    "proline",
  ],
  targetNames: ["cultivar 0", "cultivar 1", "cultivar 2"],
  packed: async () => (await import("./data/wine.ts")).wine,
});

const nucleus = [
  "radius",
  "texture",
  "perimeter",
  "area",
  "smoothness",
  "compactness",
  "concavity",
  "concave points",
  "symmetry",
  "fractal dimension",
];

/**
 * W. H. Wolberg's tumours (Wisconsin Diagnostic): mean, standard error and worst value of ten measurements of cell nuclei;
 * 212 malignant (0), 357 benign (1). x `[569, 30]`.
 */
export const breastCancer: Table = table("breastCancer", {
  featureNames: ["mean", "error of", "worst"].flatMap((kind) => nucleus.map((name) => `${kind} ${name}`)),
  targetNames: ["malignant", "benign"],
  packed: async () => (await import("./data/breast-cancer.ts")).breastCancer,
});

/**
 * B. Efron's diabetes patients, 2004: age, sex, body mass index, blood pressure and six serum values, not scaled; the
 * target is the progression of the disease after a year, 25 to 346. x `[442, 10]`, y float32 `[442]`.
 */
export const diabetes: Table = table("diabetes", {
  featureNames: ["age", "sex", "body mass index", "blood pressure", "s1", "s2", "s3", "s4", "s5", "s6"],
  targetNames: [],
  packed: async () => (await import("./data/diabetes.ts")).diabetes,
});
