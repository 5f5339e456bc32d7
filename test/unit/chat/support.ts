// Shared by the tests of the chat handler and its steps: a gateway with a fake StepFun, a
// client's reservation, and a gate.

import { vi } from 'vitest';
import { createCache } from '../../../src/cache/cache.ts';
import type { ChatContext } from '../../../src/chat/chat-context.ts';
import { createComplete } from '../../../src/chat/complete.ts';
import { chatResponse } from '../../../src/chat/completions.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createRequestLog } from '../../../src/http/request-log.ts';
import type { Reservation } from '../../../src/http/reservation.ts';
import type { Gate } from '../../../src/upstream/gate/gate.ts';
import type { SlotRequest } from '../../../src/upstream/gate/remote-slot.ts';
import { createStepfun } from '../../../src/upstream/stepfun.ts';
import { fakeKv } from '../cache/fakes.ts';
import { answer } from '../cache/samples.ts';
import { DONE, event } from '../relay/support.ts';

/** A stream of StepFun's, without its sentinel. */
export const STREAM = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
  { choices: [{ index: 0, delta: { role: 'assistant', reasoning: 'Hm', reasoning_content: 'Hm' } }] },
  {
    choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
    usage: { total_tokens: 9 },
  },
].map((chunk) => event({ id: 'i', created: 5, model: 'm', ...chunk }));

/**
 * A gateway of its own.
 * @param stream - StepFun's answer where a stream is asked for.
 */
export function gateway(settings: object = {}, stream: readonly string[] = [...STREAM, DONE]) {
  const config = readConfig({ STEP_API_KEY: 'sk-1', CACHE_STALE_SECONDS: '600', CACHE: {}, ...settings });
  const asked: { stream?: boolean; max_tokens?: number }[] = [];
  /** The circumstances of StepFun's calls. */
  const calls: { authorization: string | null; signal: AbortSignal | null | undefined }[] = [];
  const answers = { hang: false };
  const stepfun = createStepfun(config.upstream, {
    async fetch(_, { body, signal, headers }) {
      calls.push({ authorization: new Headers(headers).get('authorization'), signal });
      const given = JSON.parse(new TextDecoder().decode(body as Uint8Array)) as { stream?: boolean };
      asked.push(given);
      if (answers.hang) {
        const aborted = Promise.withResolvers<never>();
        signal?.addEventListener('abort', () => aborted.reject(signal.reason));
        return aborted.promise;
      }
      const isStream = given.stream === true;
      const text = isStream
        ? stream.join('')
        : answer({ content: `Answer ${asked.length}`, reasoning: 'Hm' });
      const type = isStream ? 'text/event-stream' : 'application/json';
      return new Response(new Blob([text]).stream(), {
        headers: { 'content-type': type, 'x-trace-id': 'trace-1' },
      });
    },
  });
  const kv = fakeKv();
  const complete = createComplete(stepfun, config, null);
  const cache = createCache({
    kv: kv.namespace,
    flights: undefined,
    settings: config.cache,
    upstream: config.upstream,
    shape: config.relay.shape,
    complete,
    flightMs: 1_000,
  });
  const pending: Promise<unknown>[] = [];
  // Hot entries outlive a test.
  const clientId = crypto.randomUUID();

  async function ask(
    fields: object = {},
    reserve: ChatContext['reserve'] = null,
    others: Partial<ChatContext> = {},
  ) {
    const log = createRequestLog();
    const body = JSON.stringify({
      model: 'step-3.5-flash',
      messages: [{ role: 'user', content: 'Hello' }],
      ...fields,
    });
    const init: object = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    };
    const response = await chatResponse(new Request('https://gateway.example/', init), {
      id: 'id',
      startedAtMs: Date.now(),
      config,
      log,
      clientId,
      upstreamKey: null,
      stepfun,
      reserve,
      cache,
      gate: null,
      chat: config.chat,
      waitUntil: (work) => void pending.push(work),
      ...others,
    });
    return { response, text: await response.text(), log, status: response.headers.get('cache-status') };
  }

  async function settle(): Promise<void> {
    while (pending.length > 0) await Promise.all(pending.splice(0));
  }
  return { ask, asked, calls, answers, kv, settle };
}

/** A reservation of these tokens, and what it was settled with. */
export function reservation(maxTokens = 9, isLowered = false) {
  const settled = vi.fn<(tokens: number) => void>();
  const reserved: Reservation = {
    ref: {
      client: { id: 'key:app', name: 'app' },
      day: 1,
      call: { id: 'call', lapsesAtMs: 1 },
      limit: 100,
      promptTokens: 5,
    },
    maxTokens,
    isLowered,
    promptTokens: 5,
    headers: { 'x-ratelimit-remaining-tokens': '1' },
    settle: async (tokens) => {
      settled(tokens);
      return { 'x-ratelimit-remaining-tokens': '0' };
    },
  };
  return { reserved, reserve: async () => reserved, settled };
}

/** A gate with room, who entered it, and what each slot was given back with. */
export function openGate() {
  const entered: SlotRequest[] = [];
  const ended = vi.fn<(end: object) => void>();
  const gate: Gate = {
    async enter(request) {
      entered.push(request);
      return { queueMs: 40, again: async () => true, end: ended };
    },
  };
  return { gate, entered, ended };
}

/** @returns the message of a completion. */
export const messageOf = (text: string) =>
  (JSON.parse(text) as { choices: { message: Record<string, unknown> }[] }).choices[0]?.message;
