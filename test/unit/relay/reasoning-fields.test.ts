import { describe, expect, it } from 'vitest';
import { formatReasoning, hideLogprobs, reasoningOf } from '../../../src/relay/reasoning-fields.ts';

/** An object as JSON.stringify writes it: without its undefined members. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('formatReasoning', () => {
  it.each([
    ['general', { reasoning_content: 'r' }, { reasoning: 'r' }],
    ['deepseek-style', { reasoning: 'r' }, { reasoning_content: 'r' }],
    ['hidden', { reasoning: 'r', content: 'c' }, { content: 'c' }],
    ['hidden', { reasoning_content: 'r' }, {}],
    ['hidden', { reasoning: 'r', reasoning_content: 'r', reasoning_details: [{ text: 'r' }] }, {}],
    ['hidden', { reasoning: '', reasoning_content: null }, {}],
    // Both names at once: one remains.
    ['general', { reasoning: 'r', reasoning_content: 'r' }, { reasoning: 'r' }],
    ['deepseek-style', { reasoning: 'r', reasoning_content: 'r' }, { reasoning_content: 'r' }],
    ['general', { reasoning: 'a', reasoning_content: '' }, { reasoning: 'a' }],
    ['general', { reasoning: '', reasoning_content: 'b' }, { reasoning: 'b' }],
    ['deepseek-style', { reasoning: 'a', reasoning_content: null }, { reasoning_content: 'a' }],
    ['deepseek-style', { reasoning: null, reasoning_content: 'b' }, { reasoning_content: 'b' }],
    // A value of any kind goes with its name.
    ['deepseek-style', { reasoning: null }, { reasoning_content: null }],
    ['deepseek-style', { reasoning: { reasoning: ['x'] } }, { reasoning_content: { reasoning: ['x'] } }],
    // Details are nobody's name for the text: they stay.
    [
      'deepseek-style',
      { reasoning: 'r', reasoning_details: [] },
      { reasoning_content: 'r', reasoning_details: [] },
    ],
  ] as const)('%s: %j', (format, given, expected) => {
    const target = structuredClone(given) as Record<string, unknown>;
    expect(formatReasoning(target, format)).toBe(true);
    expect(asJson(target)).toEqual(expected);
  });

  it.each([
    ['general', { reasoning: 'r', content: 'c' }],
    ['deepseek-style', { reasoning_content: 'r' }],
    ['hidden', { content: '"reasoning":"r"', Reasoning: 'x', tool_calls: [{ reasoning: 'r' }] }],
  ] as const)('%s: nothing to change in %j', (format, given) => {
    const target = structuredClone(given) as Record<string, unknown>;
    expect(formatReasoning(target, format)).toBe(false);
    expect(target).toEqual(given);
  });
});

it.each([
  [{ reasoning: 'r' }, 'r'],
  [{ reasoning_content: 'r' }, 'r'],
  [{ reasoning: 'a', reasoning_content: 'b' }, 'a'],
  [{ reasoning: '', reasoning_content: 'b' }, 'b'],
  [{ reasoning: null, reasoning_content: 'b' }, 'b'],
  [{}, undefined],
])('reasoningOf %j is %j', (target, expected) => {
  expect(reasoningOf(target)).toBe(expected);
});

it('hideLogprobs removes the log probabilities, which spell out the reasoning', () => {
  const choice = { index: 0, logprobs: { content: [{ token: 'secret' }] } };
  expect(hideLogprobs(choice)).toBe(true);
  expect(asJson(choice)).toEqual({ index: 0 });
  expect(hideLogprobs(choice)).toBe(false);
});
