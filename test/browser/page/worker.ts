/** The program of the worker that pages start. */
import "../../../src/index.ts";
import { serve } from "../../../src/worker/index.ts";

serve();
