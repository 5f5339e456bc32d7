// Reasoning in the words of several services.

import { describe, expect, it } from 'vitest';
import { chat, failure, fault, type Json, parse, sent } from './support.ts';

/** @returns what is sent and what is named for a request with these fields. */
function outcome(fields: Json, given: Parameters<typeof parse>[1] = {}) {
  const { reasoningFormat, adjustedParams, ignoredParams } = parse(chat(fields), given);
  const effort = sent(chat(fields), given)['reasoning_effort'];
  return { effort, format: reasoningFormat, adjusted: adjustedParams, ignored: ignoredParams };
}

const nothing = { effort: undefined, format: 'general', adjusted: [], ignored: [] };
const raised = { ...nothing, effort: 'high', adjusted: ['reasoning_effort=high'] };
const lowered = { ...nothing, effort: 'low', adjusted: ['reasoning_effort=low'] };

describe('reasoning_effort', () => {
  it.each(['low', 'medium', 'high'])('of StepFun is sent: %s', (effort) => {
    expect(outcome({ reasoning_effort: effort })).toEqual({ ...nothing, effort });
    expect(outcome({ reasoning: { effort } })).toEqual({ ...nothing, effort });
  });
  it.each([
    ['none', lowered],
    ['minimal', lowered],
    ['xhigh', raised],
    ['max', raised],
    ['auto', nothing],
  ])('of other services becomes the nearest: %s', (effort, expected) => {
    expect(outcome({ reasoning_effort: effort })).toEqual(expected);
    expect(outcome({ reasoning: { effort } })).toEqual(expected);
    expect(outcome({ model: 'step-3.5-flash-2603', reasoning_effort: effort })).toEqual(expected);
  });
  it('is refused with the reason if it is StepFun’s and the model does not take it', () => {
    const model = 'step-3.5-flash-2603';
    expect(failure(chat({ model, reasoning_effort: 'medium' })).message).toBe(
      'reasoning_effort: expected low or high: step-3.5-flash-2603 takes no other',
    );
    expect(fault(chat({ model, reasoning: { effort: 'medium' } }))).toEqual([
      'invalid_value',
      'reasoning.effort',
    ]);
  });
  it.each(['step-1o-turbo-vision', 'step-audio-2', 'step-router-v1'])(
    'is left out and named for a model that takes none: %s',
    (model) => {
      for (const effort of ['low', 'medium', 'high', 'xhigh', 'none']) {
        const field = { model, reasoning_effort: effort };
        expect(outcome(field)).toEqual({ ...nothing, ignored: ['reasoning_effort'] });
        const object = { model, reasoning: { effort } };
        expect(outcome(object)).toEqual({ ...nothing, ignored: ['reasoning.effort'] });
      }
      expect(outcome({ model, reasoning_effort: 'auto' })).toEqual(nothing);
    },
  );
  it('is one value, under whichever name', () => {
    const one = { reasoning_effort: 'low', reasoning: { effort: 'low' } };
    expect(outcome(one)).toEqual({ ...nothing, effort: 'low' });
    const two = { reasoning_effort: 'low', reasoning: { effort: 'high' } };
    expect(fault(chat(two))).toEqual(['invalid_value', 'reasoning.effort']);
  });
});

describe('reasoning.enabled', () => {
  const off = {
    effort: 'low',
    format: 'hidden',
    adjusted: ['reasoning_effort=low', 'reasoning_format=hidden'],
    ignored: [],
  };
  it('false is the lowest effort and no reasoning in the answer', () => {
    expect(outcome({ reasoning: { enabled: false } })).toEqual(off);
    expect(outcome({ reasoning: { enabled: false, effort: 'high' } })).toEqual(off);
    expect(outcome({ reasoning: { enabled: false }, reasoning_format: 'general' })).toEqual(off);
    const hidden = outcome({ reasoning: { enabled: false }, reasoning_format: 'hidden' });
    expect(hidden).toEqual({ ...off, adjusted: ['reasoning_effort=low'] });
  });
  it('false hides the reasoning of a model that takes no effort', () => {
    const model = 'step-1o-turbo-vision';
    expect(outcome({ model, reasoning: { enabled: false } })).toEqual({
      ...off,
      effort: undefined,
      adjusted: ['reasoning_format=hidden'],
    });
  });
  it('true is the default', () => {
    expect(outcome({ reasoning: { enabled: true } })).toEqual(nothing);
  });
});

describe('reasoning_format', () => {
  it('deepseek is deepseek-style', () => {
    const expected = { ...nothing, format: 'deepseek-style', adjusted: ['reasoning_format=deepseek-style'] };
    expect(outcome({ reasoning_format: 'deepseek' })).toEqual(expected);
    expect(outcome({}, { header: 'deepseek' })).toEqual(expected);
  });
  it.each(['auto', 'parsed'])('%s is as if it were absent', (value) => {
    expect(outcome({ reasoning_format: value })).toEqual({
      ...nothing,
      adjusted: ['reasoning_format=general'],
    });
    const defaultReasoningFormat = 'deepseek-style' as const;
    expect(outcome({ reasoning_format: value }, { defaultReasoningFormat })).toMatchObject({
      format: 'deepseek-style',
      adjusted: ['reasoning_format=deepseek-style'],
    });
    expect(outcome({ reasoning_format: value }, { header: 'hidden' }).format).toBe('hidden');
    expect(outcome({}, { header: value, defaultReasoningFormat }).format).toBe('deepseek-style');
  });
  it('is never sent', () => {
    for (const value of ['general', 'deepseek-style', 'hidden', 'deepseek', 'auto', 'parsed']) {
      expect(sent(chat({ reasoning_format: value }))).toEqual(chat());
    }
  });
});
