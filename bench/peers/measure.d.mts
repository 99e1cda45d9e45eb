/** Median time of repeated calls, in milliseconds. */
export function measure(call: () => Promise<void>, seconds: number): Promise<number>;
