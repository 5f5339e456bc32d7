// StepFun's whole answer, as the cache gets it.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createComplete } from '../../../src/chat/complete.ts';
import { readConfig } from '../../../src/config/config.ts';
import { COMPLETION_BYTES } from '../../../src/config/limits.ts';
import type { Gate } from '../../../src/upstream/gate/gate.ts';
import type { ChatCall, Stepfun } from '../../../src/upstream/stepfun.ts';
import { answer, decode, upstreamRequest } from '../cache/samples.ts';
import { byteStream, createUpstream } from '../relay/support.ts';
import { messageOf, openGate } from './support.ts';

const config = readConfig({ STEP_API_KEY: 'gateway-key' });

// No pause before a retry.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Answer = (call: ChatCall) => Response;

const answering =
  (body: string, headers: Record<string, string> = {}): Answer =>
  () =>
    new Response(byteStream([body]), { headers });

/** @param answers - StepFun's, one after the other. */
function completing(answers: readonly Answer[], gate: Gate | null = null) {
  const calls: ChatCall[] = [];
  const stepfun: Stepfun = {
    async chat(call) {
      calls.push(call);
      const next = answers[calls.length - 1];
      if (next === undefined) throw new Error('asked too often');
      return next(call);
    },
    models: () => Promise.reject(new Error('not asked for')),
  };
  const complete = createComplete(stepfun, config, gate);
  const onAttempt = vi.fn<() => void>();
  const leaving = new AbortController();
  const run = (request: Parameters<typeof upstreamRequest>[0] = {}) =>
    complete(upstreamRequest(request), { signal: leaving.signal, waitUntil: () => {}, onAttempt });
  return { run, calls, onAttempt, leaving };
}

describe('a completion', () => {
  it('has its reasoning as general, and the facts for the log', async () => {
    const body = answer({ reasoning: undefined, reasoning_content: 'Hm' });
    const { run, onAttempt } = completing([answering(body, { 'x-trace-id': 'trace-1' })]);
    const { bytes, ...facts } = await run();
    expect(messageOf(decode(bytes))).toMatchObject({ content: 'Hello!', reasoning: 'Hm' });
    expect(messageOf(decode(bytes))).not.toHaveProperty('reasoning_content');
    expect(facts).toMatchObject({
      usage: { totalTokens: 259 },
      finishReasons: ['stop'],
      attempts: 1,
      upstreamRequestId: 'trace-1',
      queueMs: null,
    });
    expect(onAttempt).toHaveBeenCalledOnce();
  });

  it.each([
    [null, 'gateway-key'],
    ['client-key', 'client-key'],
  ])("is paid with the client's key, else the gateway's (%s)", async (upstreamKey, key) => {
    const { run, calls } = completing([answering(answer())]);
    await run({ upstreamKey });
    expect(calls).toMatchObject([{ key, stream: false }]);
  });

  it('is asked for again when its body breaks', async () => {
    const broken: Answer = () => new Response(byteStream(['{"id"', new Error('reset')]));
    const { run, calls, onAttempt } = completing([broken, answering(answer())]);
    expect(await run()).toMatchObject({ attempts: 2 });
    expect(onAttempt).toHaveBeenCalledTimes(2);
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('is no longer bound to its client and clocks once it is there', async () => {
    const { run, calls, leaving } = completing([answering(answer())]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await run();
    leaving.abort();
    expect(calls[0]?.signal.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds a slot while it is made, and gives it back with its tokens', async () => {
    const { gate, entered, ended } = openGate();
    const { run } = completing([answering(answer())], gate);
    expect(await run({ clientId: 'key:app', isBackground: true })).toMatchObject({ queueMs: 40 });
    expect(entered).toMatchObject([{ client: 'key:app', isBackground: true }]);
    expect(ended).toHaveBeenCalledExactlyOnceWith({ tokens: 259, isCut: false });
  });
});

describe('no completion', () => {
  const large: Answer = () => new Response(new Blob([new Uint8Array(COMPLETION_BYTES + 1)]).stream());
  const error = { message: 'gateway-key is wrong here', type: 'request_params_invalid' };

  it.each<[name: string, answered: Answer, failure: object]>([
    ['without a body', () => new Response(null), { details: { detail: 'no body' } }],
    ['of more than 16 MiB', large, { details: { detail: 'more than 16777216 bytes' } }],
    ['of other JSON', answering('[]'), { details: { detail: 'the body is no completion' } }],
    [
      'of an error object',
      answering(JSON.stringify({ error, status: 400 })),
      { code: 'upstream_rejected', message: '[redacted] is wrong here' },
    ],
  ])('is made %s, and the call is ended', async (_, answered, failure) => {
    const { run, calls } = completing([answered]);
    await expect(run()).rejects.toMatchObject({ code: 'upstream_malformed', ...failure });
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  /** An answer whose body does not come, and breaks with the call, as that of a fetch does. */
  const hanging: Answer = ({ signal }) => {
    const upstream = createUpstream();
    signal.addEventListener('abort', () => upstream.break(new Error('aborted')));
    return new Response(upstream.body);
  };

  it('is made for a client that leaves', async () => {
    const { run, calls, leaving } = completing([hanging]);
    const outcome = run();
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    const reason = new Error('The client has left.');
    leaving.abort(reason);
    await expect(outcome).rejects.toBe(reason);
  });

  it('is made after the total time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const outcome = completing([hanging])
      .run()
      .catch((thrown: unknown) => thrown);
    await vi.advanceTimersByTimeAsync(config.clocks.totalMs);
    expect(await outcome).toMatchObject({ code: 'upstream_timeout' });
  });
});
