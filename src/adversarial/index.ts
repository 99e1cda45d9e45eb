/** Networks that learn against each other (`nabla/adversarial`). */
export { type AdversarialCompileOptions, AdversarialNetwork, type AdversarialNetworkOptions } from "./adversarial-network.ts";
export { GenerativeAdversarialNetwork, type GenerativeAdversarialNetworkOptions } from "./generative-adversarial-network.ts";
export { WassersteinGAN, type WassersteinGANOptions } from "./wasserstein-gan.ts";
export { gradientPenalty, type GradientPenaltyOptions } from "./gradient-penalty.ts";
export { dcganDiscriminator, type DcganDiscriminatorOptions, dcganGenerator, type DcganGeneratorOptions } from "./dcgan-networks.ts";
