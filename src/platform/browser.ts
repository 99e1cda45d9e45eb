/** Browsers and web workers. */
export * as platform from "./browser-host.ts";
