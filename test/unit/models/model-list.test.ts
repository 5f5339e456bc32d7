import { describe, expect, it } from 'vitest';
import { MODELS, REASONING_EFFORTS, reasoningEfforts } from '../../../src/upstream/models.ts';

describe('models', () => {
  it("are those of StepFun's page, each once", () => {
    expect(MODELS.map(({ id }) => id)).toEqual(['step-3.7-flash', 'step-3.5-flash', 'step-3.5-flash-2603']);
    for (const { inputs } of MODELS) expect(inputs).toContain('text');
  });
  it('take the efforts they are known to take, else all', () => {
    expect(reasoningEfforts('step-3.5-flash-2603')).toEqual(['low', 'high']);
    expect(reasoningEfforts('step-3.7-flash')).toEqual(REASONING_EFFORTS);
    expect(reasoningEfforts('tomorrow')).toEqual(REASONING_EFFORTS);
  });
});
