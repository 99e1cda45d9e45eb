/** Files that share modules find settings as a process begins with them. */
import { config } from "../src/index.ts";
import { setDtypePolicy } from "../src/layers/dtype-policy.ts";

config.setFloatx("float32");
config.setEpsilon(1e-7);
config.setImageDataFormat("channels_last");
config.setMaxEpochs(null);
config.setMaxStepsPerEpoch(null);
setDtypePolicy(null);
