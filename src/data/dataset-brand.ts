/** Telling data sets from other data without holding their class: a program that has none need not carry it. */
import type { Dataset } from "./dataset.ts";

/** Whether a value is a Dataset. */
export function isDataset(value: unknown): value is Dataset {
  return typeof value === "object" && value !== null && "isDataset" in value;
}
