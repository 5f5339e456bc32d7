// The models that StepFun's page names, and what is known of them. A model that
// does not stand here is not refused: StepFun brings out new ones, and knows best
// which exist.

export const REASONING_EFFORTS = ['low', 'medium', 'high'] as const;

export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

export type Input = 'text' | 'image' | 'video' | 'audio';

export interface Model {
  readonly id: string;
  readonly inputs: readonly Input[];
  /** Input and output together. */
  readonly contextTokens: number;
  /** Which values of `reasoning_effort` it takes; left out where the page doesn't say. */
  readonly reasoningEfforts?: readonly ReasoningEffort[];
}

export const MODELS: readonly Model[] = [
  {
    id: 'step-3.7-flash',
    inputs: ['text', 'image', 'video'],
    contextTokens: 262_144,
    reasoningEfforts: REASONING_EFFORTS,
  },
  { id: 'step-3.5-flash', inputs: ['text'], contextTokens: 262_144 },
  {
    id: 'step-3.5-flash-2603',
    inputs: ['text'],
    contextTokens: 262_144,
    reasoningEfforts: ['low', 'high'],
  },
];

/** @returns the values of `reasoning_effort` that a model takes: all, unless it is known to take fewer. */
export function reasoningEfforts(model: string): readonly ReasoningEffort[] {
  return MODELS.find(({ id }) => id === model)?.reasoningEfforts ?? REASONING_EFFORTS;
}
