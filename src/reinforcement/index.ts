/** Agents that learn by what their actions bring (`nabla/reinforcement`). */
export { Box, type BoxOptions, Discrete } from "./spaces.ts";
export type { Environment, ResetOptions, StepResult } from "./environment.ts";
export { VectorEnvironment, type VectorStepResult } from "./vector-environment.ts";
export { CartPole, type CartPoleOptions } from "./cart-pole.ts";
export { Catch, type CatchOptions } from "./catch.ts";
export { exponentialSchedule, linearSchedule, type Schedule, type ScheduleOptions } from "./schedules.ts";
export { type AdvantageData, discountedReturns, generalizedAdvantages } from "./returns.ts";
export { type Experience, NStepTransitions } from "./n-step-transitions.ts";
export { type ReplayBatch, ReplayBuffer, type ReplayBufferOptions, type Transition } from "./replay-buffer.ts";
export { PrioritizedReplayBuffer, type PrioritizedReplayBufferOptions } from "./prioritized-replay-buffer.ts";
export { actorCriticNetwork, type NetworkOptions, qNetwork, type Spaces } from "./networks.ts";
export {
  Agent,
  type AgentHistory,
  type AgentOptions,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationPlan,
  type TrainOptions,
} from "./agent.ts";
export { DQN, type DQNOptions } from "./dqn.ts";
export { type PolicyBatch, PolicyGradientAgent, type PolicyGradientOptions } from "./policy-gradient.ts";
export { Reinforce, type ReinforceOptions } from "./reinforce.ts";
export { ActorCritic, type ActorCriticOptions } from "./actor-critic.ts";
