/** The worker: all of nabla, serving the page's model. */
import "nabla";
import { serve } from "nabla/worker";

serve();
