/** What stands for parts-at-once.ts in bundles for browsers: pages load parts when they are first used. */
export {};
