import { describe, expect, it } from 'vitest';
import { clientChatSettings, resolveLimits } from '../../../src/access/client-limits.ts';
import { readConfig } from '../../../src/config/config.ts';

const config = readConfig({
  STEP_API_KEY: 'sk-1',
  ALLOWED_MODELS: 'a,b',
  TOKENS_PER_DAY: '100',
  MAX_OUTPUT_TOKENS: '10',
  BUDGETS: {},
});

describe('resolveLimits', () => {
  it('uses the deployment’s settings without an entry, or with an empty one', () => {
    const limits = {
      models: new Set(['a', 'b']),
      tokensPerDay: 100,
      requestsPerMinute: null,
      maxOutputTokens: 10,
    };
    expect(resolveLimits(null, config)).toEqual(limits);
    expect(resolveLimits({}, config)).toEqual(limits);
  });

  it('replaces them by an entry’s limits, lower and higher ones', () => {
    const policy = { models: ['c'], tokens_per_day: 1_000, requests_per_minute: 5, max_output_tokens: 1 };
    expect(resolveLimits(policy, config)).toEqual({
      models: new Set(['c']),
      tokensPerDay: 1_000,
      requestsPerMinute: 5,
      maxOutputTokens: 1,
    });
  });

  it('treats 0 as no limit, and * as every model', () => {
    const policy = { models: ['a', '*'], tokens_per_day: 0, requests_per_minute: 0, max_output_tokens: 0 };
    expect(resolveLimits(policy, config)).toEqual({
      models: new Set(),
      tokensPerDay: 0,
      requestsPerMinute: 0,
      maxOutputTokens: 0,
    });
  });
});

describe('clientChatSettings', () => {
  it('puts a client’s limits into the settings of chat requests', () => {
    const limits = resolveLimits({ models: ['c'], max_output_tokens: 1 }, config);
    expect(clientChatSettings(config.chat, limits)).toEqual({
      ...config.chat,
      allowedModels: new Set(['c']),
      maxOutputTokens: 1,
    });
  });
});
