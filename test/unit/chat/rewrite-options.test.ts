// How an answer is rewritten: for the client that asked, or for the cache.

import { describe, expect, it } from 'vitest';
import { rewriteOptions, storedFormOptions } from '../../../src/chat/rewrite-options.ts';
import { readConfig } from '../../../src/config/config.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { chat, parse } from './request/support.ts';

const config = readConfig({ STEP_API_KEY: 'gateway-key', STREAM_SHAPE: 'stepfun' });
const CONTEXT = { config, startedAtMs: 1_700_000_000_999, upstreamKey: null };

describe('rewriteOptions', () => {
  it('has what the client asked for, and the second in which it asked', () => {
    const stream_options = { include_usage: true };
    const asked = parse(chat({ stream: true, stream_options, n: 3, reasoning_format: 'hidden' }));
    expect(rewriteOptions(asked, CONTEXT)).toEqual({
      reasoning: 'hidden',
      shape: 'stepfun',
      created: 1_700_000_000,
      choices: 3,
      includeUsage: true,
      readError: expect.any(Function),
    });
  });

  it.each([
    [null, 'gateway-key'],
    ['client-key', 'client-key'],
  ])('reads an error without the key that was used (%s)', (upstreamKey, key) => {
    const { readError } = rewriteOptions(parse(chat()), { ...CONTEXT, upstreamKey }, 'trace-1');
    const error = { message: `${key} is wrong here`, type: 'request_params_invalid' };
    expect(readError(JSON.stringify({ error, status: 400 }))).toMatchObject({
      code: 'upstream_rejected',
      message: '[redacted] is wrong here',
      details: { upstreamRequestId: 'trace-1' },
    });
  });
});

describe('storedFormOptions', () => {
  it("has each client's own form rendered from one, without a chunk for the usage", () => {
    const readError = () => new GatewayError('upstream_malformed');
    expect(storedFormOptions(config, { startedAtMs: CONTEXT.startedAtMs, choices: 2, readError })).toEqual({
      reasoning: 'general',
      shape: 'stepfun',
      created: 1_700_000_000,
      choices: 2,
      includeUsage: false,
      readError,
    });
  });
});
