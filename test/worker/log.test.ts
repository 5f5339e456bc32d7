// The log: one line of JSON for each request, without prompts, answers and keys.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from './harness.ts';

const PROMPT = 'a prompt that nobody but StepFun may read';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ CLIENT_KEYS: 'shop:sk-canary-of-the-shop', ANONYMOUS_ACCESS: 'false' });
});
afterAll(() => gateway.close());

/** StepFun's texts, which must not be logged. */
const answers: string[] = [];

async function ask(id: string, fields: Record<string, unknown> = {}): Promise<Response> {
  const messages = [{ role: 'user', content: PROMPT }];
  const headers = { authorization: 'Bearer sk-canary-of-the-shop', 'x-request-id': id };
  const response = await gateway.chat({ messages, ...fields }, headers);
  const body = await response.text();
  answers.push(...Array.from(body.matchAll(/"(?:content|reasoning)":"([^"]{9,})"/g), ([, text]) => text!));
  return response;
}

async function lineOf(id: string): Promise<Record<string, unknown>> {
  await expect.poll(() => gateway.logs().filter((line) => line.includes(`"${id}"`)).length).toBe(1);
  return JSON.parse(gateway.logs().find((line) => line.includes(`"${id}"`)) ?? '') as Record<string, unknown>;
}

describe('the log', () => {
  const counted = {
    prompt_tokens: expect.any(Number),
    completion_tokens: expect.any(Number),
    cached_tokens: expect.any(Number),
    first_byte_ms: expect.any(Number),
    duration_ms: expect.any(Number),
    bytes: expect.any(Number),
  };

  it('has a line for a completion', async () => {
    await ask('plain');
    expect(await lineOf('plain')).toEqual({
      level: 'info',
      event: 'request',
      request_id: 'plain',
      client: 'shop',
      method: 'POST',
      route: '/v1/chat/completions',
      status: 200,
      code: null,
      model: 'step-3.5-flash',
      streaming: false,
      cache: 'miss',
      attempts: 1,
      outcome: 'completed',
      upstream_request_id: expect.any(String),
      queue_ms: null,
      finish_reason: 'stop',
      ...counted,
    });
  });

  it('has a line for a hit, with 0 attempts', async () => {
    await ask('hit');
    expect(await lineOf('hit')).toMatchObject({ cache: 'hit', attempts: 0, status: 200, ...counted });
  });

  it('has a line for a stream after its end', async () => {
    await ask('stream', { stream: true, temperature: 1 });
    expect(await lineOf('stream')).toMatchObject({
      streaming: true,
      attempts: 1,
      outcome: 'completed',
      ...counted,
    });
  });

  it('says how a broken stream ended', async () => {
    const messages = [{ role: 'user', content: 'simulate truncated after 3' }];
    await ask('broken', { stream: true, messages });
    expect(await lineOf('broken')).toMatchObject({
      level: 'error',
      status: 200,
      code: 'upstream_truncated',
      outcome: 'upstream_truncated',
    });
  });

  it('has the detail of an error that its client does not get', async () => {
    await ask('refused', { messages: [{ role: 'user', content: 'simulate error 402' }] });
    expect(await lineOf('refused')).toMatchObject({
      level: 'error',
      status: 502,
      code: 'upstream_auth',
      outcome: 'upstream_auth',
      attempts: 1,
      detail: expect.stringMatching(/402/),
    });
  });

  it('has a line for a refused client, and for an unknown path', async () => {
    await gateway.chat({}, { authorization: 'Bearer sk-guess', 'x-request-id': 'stranger' });
    expect(await lineOf('stranger')).toMatchObject({ client: null, status: 401, code: 'invalid_api_key' });
    await gateway.fetch('/secret/path/of/a/visitor', { headers: { 'x-request-id': 'lost' } });
    expect(await lineOf('lost')).toMatchObject({ route: '/secret/path/of/a/visitor', status: 404 });
  });

  it('has no prompt, no answer and no key', () => {
    expect(gateway.logs().join('\n')).not.toMatch(/nobody but StepFun|canary|sk-simulator|sk-guess/);
    expect(answers.length).toBeGreaterThan(2);
    expect(answers.filter((text) => gateway.logs().join('\n').includes(text))).toEqual([]);
  });
});

describe('Server-Timing', () => {
  it('is on every answer', async () => {
    expect((await ask('timed')).headers.get('server-timing')).toMatch(/^cache;desc=hit, total;dur=\d+$/);
    expect((await gateway.fetch('/nope')).headers.get('server-timing')).toMatch(/^total;dur=\d+$/);
  });
});
