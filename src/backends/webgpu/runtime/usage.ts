/** Bits of WebGPU's buffer usages and map modes (W3C WebGPU, 5.2 and 5.3): Node has no globals for them. */
export const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
/** Mapping for reading. */
export const mapModeRead = 1;
