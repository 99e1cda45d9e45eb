/** The host at hand. Bundles for browsers take browser.ts instead of node.ts (package.json's conditions). */
export { platform } from "./node.ts";
export type { FolderEntry, ImageChannels, ImageDecoder, ImagePixels, Platform, PlatformFiles, PlatformWorker } from "./platform.ts";
export type { NativeAccess, NativeType } from "./native.ts";
