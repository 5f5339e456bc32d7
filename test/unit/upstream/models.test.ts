import { describe, expect, it } from 'vitest';
import {
  lacksInput,
  MODELS,
  modelsThatRead,
  REASONING_EFFORTS,
  reasoningEfforts,
} from '../../../src/upstream/models.ts';

describe('the known models', () => {
  it('are listed once, and read text', () => {
    expect(new Set(MODELS.map(({ id }) => id)).size).toBe(MODELS.length);
    for (const { inputs } of MODELS) expect(inputs).toContain('text');
  });
  it.each([
    'step-1-8k',
    'step-1-32k',
    'step-1v',
    'step-2-mini',
    'step-2-16k',
    'step-3',
    'step-1o-vision-32k',
  ])('do not have the retired one %s', (retired) => {
    expect(MODELS.map(({ id }) => id)).not.toContain(retired);
  });
  it.each([
    ['step-5-preview', 1_000_000],
    ['step-3.7-flash', 256_000],
    ['step-3.5-flash', 256_000],
    ['step-3.5-flash-2603', 256_000],
    ['step-1o-turbo-vision', 32_000],
    ['step-audio-2', undefined],
  ])('have a context: %s', (id, contextTokens) => {
    expect(MODELS.find((model) => model.id === id)).toBeDefined();
    expect(MODELS.find((model) => model.id === id)?.contextTokens).toBe(contextTokens);
  });
});

describe('reasoningEfforts', () => {
  it.each([
    ['step-3.5-flash-2603', ['low', 'high']],
    ['step-3.7-flash', REASONING_EFFORTS],
    ['step-1o-turbo-vision', []],
    ['a-new-model', REASONING_EFFORTS],
  ])('of %s', (model, efforts) => {
    expect(reasoningEfforts(model)).toEqual(efforts);
  });
});

describe('inputs', () => {
  it('are lacking only where that is known', () => {
    expect(lacksInput('step-3.5-flash', 'image')).toBe(true);
    expect(lacksInput('step-3.7-flash', 'image')).toBe(false);
    expect(lacksInput('a-new-model', 'image')).toBe(false);
    expect(modelsThatRead('audio')).toContain('step-1o-audio');
    expect(modelsThatRead('video')).toEqual(['step-5-preview', 'step-3.7-flash', 'step-1o-turbo-vision']);
  });
});
