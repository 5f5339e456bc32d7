// The models that StepFun documents, and what is known of each. A model that is not
// in this list is not refused: StepFun publishes new models, and knows which exist.

export const REASONING_EFFORTS = ['low', 'medium', 'high'] as const;

export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

export type Input = 'text' | 'image' | 'video' | 'audio';

export interface Model {
  readonly id: string;
  readonly inputs: readonly Input[];
  /**
   * Input and output together; absent where StepFun does not document it. StepFun writes
   * "256K" without saying whether that is 256,000 or 262,144: the smaller figure is safe.
   */
  readonly contextTokens?: number;
  /** The values of `reasoning_effort` that it takes; empty: it takes none. */
  readonly reasoningEfforts: readonly ReasoningEffort[];
  /** Served under the base URL `…/step_plan/v1` only. */
  readonly stepPlanOnly?: true;
}

export const MODELS: readonly Model[] = [
  {
    id: 'step-5-preview',
    inputs: ['text', 'image', 'video'],
    contextTokens: 1_000_000,
    reasoningEfforts: REASONING_EFFORTS,
  },
  {
    id: 'step-3.7-flash',
    inputs: ['text', 'image', 'video'],
    contextTokens: 256_000,
    reasoningEfforts: REASONING_EFFORTS,
  },
  {
    id: 'step-3.5-flash',
    inputs: ['text'],
    contextTokens: 256_000,
    reasoningEfforts: REASONING_EFFORTS,
  },
  {
    id: 'step-3.5-flash-2603',
    inputs: ['text'],
    contextTokens: 256_000,
    reasoningEfforts: ['low', 'high'],
  },
  {
    id: 'step-1o-turbo-vision',
    inputs: ['text', 'image', 'video'],
    contextTokens: 32_000,
    reasoningEfforts: [],
  },
  { id: 'stepaudio-3-chat-preview', inputs: ['text', 'audio'], reasoningEfforts: [] },
  { id: 'stepaudio-2.5-chat', inputs: ['text', 'audio'], reasoningEfforts: [] },
  { id: 'step-1o-audio', inputs: ['text', 'audio'], reasoningEfforts: [] },
  { id: 'step-audio-2', inputs: ['text', 'audio'], reasoningEfforts: [] },
  { id: 'step-audio-r1.5', inputs: ['text', 'audio'], reasoningEfforts: [] },
  { id: 'step-router-v1', inputs: ['text'], reasoningEfforts: [], stepPlanOnly: true },
];

/**
 * @param model - the name of a model, known or not.
 * @returns the values of `reasoning_effort` that it takes: all of them for a model that is not known.
 */
export function reasoningEfforts(model: string): readonly ReasoningEffort[] {
  return MODELS.find(({ id }) => id === model)?.reasoningEfforts ?? REASONING_EFFORTS;
}

/** @returns whether a model is known not to read such an input. */
export function lacksInput(model: string, input: Input): boolean {
  return MODELS.find(({ id }) => id === model)?.inputs.includes(input) === false;
}

/** @returns the names of the models that are known to read such an input. */
export function modelsThatRead(input: Input): string[] {
  return MODELS.filter(({ inputs }) => inputs.includes(input)).map(({ id }) => id);
}
