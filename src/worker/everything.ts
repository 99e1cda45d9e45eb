/** The program of the worker that `inWorker` starts: all of nabla, serving models. */
import "../index.ts";
import { serve } from "./serve.ts";

serve();
