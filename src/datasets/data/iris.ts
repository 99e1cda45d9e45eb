/**
 * 150 irises of three species: sepal and petal, in cm. R. A. Fisher, "The use of multiple measurements in taxonomic
 * problems", 1936. As in scikit-learn 1.2.1 (BSD 3-clause); the values are unchanged. The CSV file, zlib, base64.
 */
export const iris: string = [
  "eNptVe1qHDEM/H/PIkysD3v3aUJpj7SQltAc9PWLpbHWPvLTsjQejUa7n/ePb++v7/c/b4+fr99/06ef//36EceP+2O7jnNeP779fbs/blYqSTGqRemlML3ctJwk27mTFKZaJCONpFSqxRAxktKWGitKUk6qpdPL",
  "iKJGkSOo0QVDixJ7zcYk36mJ27eqAzhtjQCl+ln8XBPjoJHPybWTJhPd2EtGVpUEVVIOdCiZcwBHEkeRw5nTl7dCl0Z1yxDU2Nbheam99GtL/8GVwTWn4xH9cqabaq5122a468KkT/MwUsf5emaTH296G/jJVtO2",
  "man3KJsq+oQ6McQrjLjIFtEn386a0WHbJnbmNC7v7DNtm/d587o8edIwwZkRWqvnKNVbAzPFlEYkVFN33YgY+lHnPzLG+SB1nSKjI2KZI/5yvNSourLsrwlVz2i+Y4EijsLE7oYT7IzgH78d34KYsPMkHryBVYE1",
  "+zKgS6I3R67Yr5kjS+djG9k3sAKV440lY6AaGCYrzxmTOZLLsaglXnPpmRnOljGF4C9ZFdw053Sg5shIJyHz7Qw1zo3pmEhb1DOofyTzGenIOBb1GZidDJtYYwtXp/geKHy8KtyzUwnnFM0ZR181zxbqbOeGCoZa",
  "Apdo8mw078Ob01UxoQ6fCJSYvuFU5lwyYs6r+uYTMnyrV3/XJ3+HHzjVC7VO4lt33uaur8TQ4iTzTg6PmGcc7rJRMbSJvRgVsTEGhbtnBEZzpoHRPcfgv5HD7vqGHvBOYefGflZwFXBt/q0J7at3A1TPN3gvVFEg",
  "BGLM9+rFkkX8k4IfI8LO65w1fhNuYnx3BmbHfczy8M25EICZinZs1lRjTCUwaqrBdGnOyx5FJPx1YSi6bSsGFG5+VvC4Zn2iW10UnhgX1wP+MLw79DA4G5phboKasWGBculeF51jm65eTtxruq4jcmHMnJo6P3vX",
  "/eCzyFltytqMUHyzJTs0n+e5OIKhCKMXzVdPv6/g/h9xqOhw",
].join("");
