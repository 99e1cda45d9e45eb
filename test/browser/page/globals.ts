/** What suites take from Node: base64 through Buffer, and the environment variable that names the back-end. */

const parameters = new URLSearchParams(location.search);

export const process: { readonly env: Record<string, string | undefined> } = {
  env: { NABLA_BACKEND: parameters.get("backend") ?? undefined },
};

export const Buffer = {
  from(data: string | ArrayBuffer, encoding?: "base64"): Uint8Array | { toString(encoding: "base64"): string } {
    if (typeof data === "string" && encoding === "base64") return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const bytes = new Uint8Array(data as ArrayBuffer);
    return { toString: () => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
  },
};
