import { describe, expect, it } from 'vitest';
import { costOfAnswer, costOfFailure, isFree } from '../../../src/http/call-cost.ts';
import { errorCodes, GatewayError, isErrorCode } from '../../../src/http/errors.ts';

const PROMPT_TOKENS = 100;
const usage = (totalTokens: number) => ({
  promptTokens: 0,
  completionTokens: 0,
  totalTokens,
  cachedTokens: 0,
});

describe('costOfAnswer', () => {
  it.each([
    ['whole', 30, 30],
    ['whole', 300, 300],
    // Zeros are a placeholder.
    ['whole', 0, PROMPT_TOKENS],
    ['whole', null, PROMPT_TOKENS],
    ['cut', 30, PROMPT_TOKENS],
    ['cut', 300, 300],
    ['cut', 0, PROMPT_TOKENS],
    ['cut', null, PROMPT_TOKENS],
  ] as const)('of a %s answer with a count of %s is %i', (end, count, cost) => {
    const counted = count === null ? null : usage(count);
    expect(costOfAnswer(counted, end === 'whole', PROMPT_TOKENS)).toBe(cost);
  });
});

describe('costOfFailure', () => {
  it('is 0 exactly where StepFun did nothing or was not asked, else the prompt', () => {
    const costs = errorCodes
      .filter(isErrorCode)
      .map((code) => [code, costOfFailure(new GatewayError(code), PROMPT_TOKENS)] as const);
    const free = costs.filter(([, cost]) => cost === 0).map(([code]) => code);
    expect(free.toSorted()).toEqual([
      'insufficient_quota',
      'invalid_api_key',
      'model_not_found',
      'queue_full',
      'queue_timeout',
      'upstream_auth',
      'upstream_misconfigured',
      'upstream_rate_limited',
      'upstream_rejected',
      'upstream_unavailable',
    ]);
    expect(new Set(costs.map(([, cost]) => cost))).toEqual(new Set([0, PROMPT_TOKENS]));
  });

  it.each([new Error('boom'), new DOMException('', 'AbortError'), 'text', undefined])(
    'is the prompt after a failure of another kind: %o',
    (thrown) => {
      expect(costOfFailure(thrown, PROMPT_TOKENS)).toBe(PROMPT_TOKENS);
    },
  );
});

describe('isFree', () => {
  it('follows the mark of the call before the code', () => {
    expect(isFree(new GatewayError('upstream_reset', undefined, { isFree: true }))).toBe(true);
    expect(isFree(new GatewayError('upstream_unavailable', undefined, { isFree: false }))).toBe(false);
  });
});
