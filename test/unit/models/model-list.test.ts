// The list of models: StepFun's list, or the known models for a while after a failure.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { modelListResponse, oneModelResponse, type ModelsContext } from '../../../src/models/model-list.ts';
import type { Stepfun } from '../../../src/upstream/stepfun.ts';

const LIST = { data: [{ id: 'step-3.5-flash', created: 5, owned_by: 'stepfun' }, { id: 'step-9' }] };

interface Listed {
  readonly object: string;
  readonly data: readonly { readonly id: string }[];
}

/** @returns a gateway whose StepFun answers with `answer`, and a spy on that. */
function gateway(answer: () => Promise<Response>, settings: object = {}, upstreamKey: string | null = null) {
  const models = vi.fn<Stepfun['models']>(answer);
  const stepfun: Stepfun = { models, chat: () => Promise.reject(new Error('not called')) };
  const config = readConfig({ STEP_API_KEY: 'sk-test', ...settings });
  const context: ModelsContext = { config, stepfun, upstreamKey, allowedModels: config.chat.allowedModels };
  return { context, models };
}

async function list(context: ModelsContext): Promise<string[]> {
  const { body } = await modelListResponse(context);
  const { object, data } = (await new Response(body).json()) as Listed;
  expect(object).toBe('list');
  return data.map(({ id }) => id);
}

/** A byte stream of its own: Node closes that of `Response.json` before it is read with `min`. */
function jsonAnswer(value: unknown): Response {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  let isRead = false;
  return new Response(
    new ReadableStream({
      type: 'bytes',
      pull(controller) {
        if (isRead) {
          controller.close();
          controller.byobRequest?.respond(0);
        } else controller.enqueue(Uint8Array.from(bytes));
        isRead = true;
      },
    }),
  );
}

const answered = async () => jsonAnswer(LIST);
const failed = () => Promise.reject(new GatewayError('upstream_unavailable'));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the list of models', () => {
  it("has StepFun's models as OpenAI's objects, with their known properties", async () => {
    const { context } = gateway(answered);
    const { body } = await modelListResponse(context);
    expect(await new Response(body).json()).toEqual({
      object: 'list',
      data: [
        {
          id: 'step-3.5-flash',
          object: 'model',
          created: 5,
          owned_by: 'stepfun',
          context_length: 256_000,
          input_modalities: ['text'],
          reasoning_efforts: ['low', 'medium', 'high'],
        },
        { id: 'step-9', object: 'model', created: 0, owned_by: 'stepfun' },
      ],
    });
  });

  it('has the allowed models only', async () => {
    const { context } = gateway(answered, { ALLOWED_MODELS: 'step-9' });
    expect(await list(context)).toEqual(['step-9']);
    await expect(oneModelResponse('step-3.5-flash', context)).rejects.toThrow(/does not exist here/);
  });

  it('serves for 10 minutes', async () => {
    const { context, models } = gateway(answered);
    await list(context);
    vi.setSystemTime(Date.now() + 599_999);
    await list(context);
    expect(models).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 1);
    await list(context);
    expect(models).toHaveBeenCalledTimes(2);
  });
});

describe('after a failure', () => {
  it('the known models serve for 30 s without another call', async () => {
    const { context, models } = gateway(failed);
    const known = await list(context);
    expect(known).toContain('step-5-preview');
    expect(known).not.toContain('step-router-v1');
    vi.setSystemTime(Date.now() + 29_999);
    expect(await list(context)).toEqual(known);
    expect(models).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 1);
    models.mockImplementation(answered);
    expect(await list(context)).toEqual(['step-3.5-flash', 'step-9']);
    expect(models).toHaveBeenCalledTimes(2);
  });

  it('the last list serves in place of the known models', async () => {
    const { context, models } = gateway(answered);
    await list(context);
    models.mockImplementation(failed);
    vi.setSystemTime(Date.now() + 600_000);
    expect(await list(context)).toEqual(['step-3.5-flash', 'step-9']);
    vi.setSystemTime(Date.now() + 1_000);
    expect(await list(context)).toEqual(['step-3.5-flash', 'step-9']);
    expect(models).toHaveBeenCalledTimes(2);
  });

  it.each<[string, () => Promise<Response>]>([
    ['is no object', async () => jsonAnswer('<html>')],
    ['has no list', async () => jsonAnswer({ data: 5 })],
    ['has no body', async () => new Response(null)],
    ['is too large', async () => jsonAnswer('x'.repeat(300_000))],
    ['hangs', () => Promise.reject(new DOMException('The operation timed out.', 'TimeoutError'))],
  ])('that is an answer which %s, too', async (_, answer) => {
    const { context, models } = gateway(answer);
    expect(await list(context)).toContain('step-3.7-flash');
    expect(await list(context)).toContain('step-3.7-flash');
    expect(models).toHaveBeenCalledTimes(1);
  });

  it('the known models of the Step Plan have its router', async () => {
    const { context } = gateway(failed, { STEPFUN_BASE_URL: 'https://api.stepfun.ai/step_plan/v1' });
    expect(await list(context)).toContain('step-router-v1');
  });
});

describe("with the client's own key", () => {
  const settings = { UPSTREAM_KEY: 'client' };

  it('the list is requested with it each time', async () => {
    const { context, models } = gateway(answered, settings, 'sk-mine');
    await list(context);
    await list(context);
    expect(models.mock.calls.map(([key]) => key)).toEqual(['sk-mine', 'sk-mine']);
  });
  it.each(['insufficient_quota', 'invalid_api_key', 'upstream_auth', 'upstream_rate_limited'] as const)(
    'a key that gets %s does not stop the calls of others',
    async (code) => {
      const refused = () => Promise.reject(new GatewayError(code));
      const { context, models } = gateway(refused, settings, 'sk-wrong');
      await list(context);
      models.mockImplementation(answered);
      expect(await list({ ...context, upstreamKey: 'sk-right' })).toEqual(['step-3.5-flash', 'step-9']);
    },
  );
  it('a failure of StepFun stops the calls of others', async () => {
    const { context, models } = gateway(failed, settings, 'sk-mine');
    await list(context);
    await list({ ...context, upstreamKey: 'sk-other' });
    expect(models).toHaveBeenCalledTimes(1);
  });
});

describe('one model', () => {
  it.each(['step-3.5-flash', 'step%2D9'])('is found: %s', async (id) => {
    const { context } = gateway(answered);
    const { body } = await oneModelResponse(id, context);
    expect(await new Response(body).json()).toMatchObject({ object: 'model' });
  });
  it.each(['step-8', '%zz', '__proto__', ''])('is not found: %s', async (id) => {
    const { context } = gateway(answered);
    await expect(oneModelResponse(id, context)).rejects.toMatchObject({ code: 'model_not_found' });
  });
});
