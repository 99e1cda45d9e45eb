/** Errors on their way between threads: class, code and all five parts arrive. */
import * as errors from "../errors.ts";
import { type ErrorParts, NablaError } from "../errors.ts";

/** An error as a message carries it. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Of nabla's errors. */
  readonly code?: string;
  readonly parts?: ErrorParts;
}

/** What a message carries of whatever was thrown. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack } = error;
  const plain = { name, message, ...(stack === undefined ? {} : { stack }) };
  return error instanceof NablaError ? { ...plain, code: error.code, parts: { ...error.parts } } : plain;
}

type ErrorClass = new (parts: ErrorParts) => NablaError;

const classes: Readonly<Record<string, ErrorClass>> = {
  ShapeError: errors.ShapeError,
  DTypeError: errors.DTypeError,
  ValueError: errors.ValueError,
  IndexError: errors.IndexError,
  UnknownNameError: errors.UnknownNameError,
  StateError: errors.StateError,
  BackendError: errors.BackendError,
};

/** The error again: of nabla's class, with the stack of where it was thrown. */
export function unpackError({ name, message, stack, code, parts }: PackedError): Error {
  const Known = classes[name];
  const error =
    code === undefined || parts === undefined
      ? Object.assign(new Error(message), { name })
      : Known === undefined
        ? new NablaError(code, name, parts)
        : new Known(parts);
  if (stack !== undefined) error.stack = stack;
  return error;
}
