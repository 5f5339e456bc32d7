// A streamed answer, from StepFun's call to its settlement.

import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createRequestLog } from '../../../src/http/request-log.ts';
import type { Stepfun } from '../../../src/upstream/stepfun.ts';
import { DONE, fakeWorkerdStreams } from '../relay/support.ts';
import { gateway, openGate, reservation, STREAM } from './support.ts';

beforeAll(fakeWorkerdStreams);

describe('a stream from StepFun', () => {
  it('is told to the log and the budget when it has ended', async () => {
    const { ask } = gateway();
    const { reserve, settled } = reservation();
    const { log, text, status } = await ask({ stream: true }, reserve);
    await log.streamEnd;
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(status).toBe('stepfun-edge; fwd=miss');
    expect(log).toMatchObject({
      outcome: 'completed',
      finishReasons: ['stop'],
      usage: { totalTokens: 9 },
      bytes: new TextEncoder().encode(text).length,
      upstreamRequestId: 'trace-1',
      attempts: 1,
    });
    expect(settled).toHaveBeenCalledExactlyOnceWith(9);
  });

  it('that was cut is an error event, costs at least its prompt, and is not stored', async () => {
    const { ask, kv, settle } = gateway({ CACHE_STREAMS: 'write' }, STREAM.slice(0, 2));
    const { reserve, settled } = reservation();
    const { log, text } = await ask({ stream: true }, reserve);
    await log.streamEnd;
    await settle();
    expect(text).toContain('"code":"upstream_truncated"');
    expect(log).toMatchObject({ outcome: 'upstream_truncated', code: 'upstream_truncated' });
    expect(settled).toHaveBeenCalledExactlyOnceWith(5);
    expect(kv.entries.size).toBe(0);
  });

  it('that fails before its first event is thrown, and costs its prompt', async () => {
    const { ask } = gateway({}, ['data: <html>\n\n']);
    const { reserve, settled } = reservation();
    await expect(ask({ stream: true }, reserve)).rejects.toMatchObject({ code: 'upstream_malformed' });
    expect(settled).toHaveBeenCalledExactlyOnceWith(5);
  });

  it('without a body is thrown, and its call ended', async () => {
    const chat = vi.fn<Stepfun['chat']>(async () => new Response(null));
    const log = createRequestLog();
    const models = vi.fn<Stepfun['models']>();
    const outcome = gateway().ask({ stream: true }, null, { log, stepfun: { chat, models } });
    await expect(outcome).rejects.toMatchObject({
      code: 'upstream_malformed',
      details: { detail: 'no body' },
    });
    expect(chat.mock.lastCall?.[0].signal.aborted).toBe(true);
    // A client that left before costs its prompt only where StepFun was asked.
    expect(log.attempts).toBe(1);
  });

  it.each([
    [null, 'Bearer sk-1'],
    ['sk-own', 'Bearer sk-own'],
  ])("is paid with the client's key, else the gateway's (%s)", async (upstreamKey, authorization) => {
    const { ask, calls } = gateway();
    await ask({ stream: true }, null, { upstreamKey });
    expect(calls).toMatchObject([{ authorization }]);
  });

  it.each([
    ['whole', [...STREAM, DONE], { tokens: 9, isCut: false }],
    ['cut', STREAM.slice(0, 2), { tokens: null, isCut: true }],
  ])('holds its slot until its end, and ends the call of a cut one: %s', async (_, stream, end) => {
    const { ask, calls } = gateway({}, stream);
    const { gate, entered, ended } = openGate();
    const { log } = await ask({ stream: true }, null, { gate, clientId: 'key:app' });
    await log.streamEnd;
    expect(log.queueMs).toBe(40);
    expect(entered).toMatchObject([{ client: 'key:app' }]);
    expect(ended).toHaveBeenCalledExactlyOnceWith(end);
    expect(calls[0]?.signal?.aborted).toBe(end.isCut);
  });
});

describe('RELAY=native', () => {
  const whole = [...STREAM, DONE].join('');

  it('has StepFun name the reasoning, and relays the stream as it came', async () => {
    const { ask, asked, kv, settle } = gateway({ RELAY: 'native', CACHE_STREAMS: 'write' });
    const { text, log } = await ask({ stream: true, reasoning_format: 'deepseek-style' });
    expect(asked).toMatchObject([{ reasoning_format: 'deepseek-style' }]);
    expect(text).toBe(whole);
    await log.streamEnd;
    await settle();
    expect(kv.entries.size).toBe(0);
  });

  it.each<[reason: string, settings: object, fields: object, isBudgeted: boolean]>([
    ['StepFun cannot leave reasoning out', {}, { reasoning_format: 'hidden' }, false],
    ["a client's budget counts tokens", {}, {}, true],
    ['the gate counts tokens', { UPSTREAM_TPM: '1000', GATE: {} }, {}, false],
  ])('rewrites the stream all the same where %s', async (_, settings, fields, isBudgeted) => {
    const { ask, asked } = gateway({ RELAY: 'native', ...settings });
    const { log, text } = await ask({ stream: true, ...fields }, isBudgeted ? reservation().reserve : null);
    await log.streamEnd;
    expect(asked[0]).not.toHaveProperty('reasoning_format');
    expect(text).not.toBe(whole);
    expect(log.usage?.totalTokens).toBe(9);
  });
});
