/** Bounds of the one linear memory. */

/** Bytes at the start of memory where no kernel's buffer lies. */
export const reservedBytes: number = 1 << 20;

/** Bytes of a page. */
export const pageBytes = 65536;

/** Pages of the largest 32-bit memory. */
export const maximumPages = 65536;
