/** Every test starts from the same seed: weights drawn by chance may not decide whether it passes. */
import { beforeEach } from "vitest";
import { setRandomSeed } from "../src/random/seeds.ts";

beforeEach(() => setRandomSeed(0));
