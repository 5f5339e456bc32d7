// `GET /v1/models`: the allowed models of StepFun's list, with what the gateway knows about them.

import { afterEach, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from './harness.ts';

let gateway: Gateway;
afterEach(() => gateway.close());

interface Model {
  id: string;
}

async function list(): Promise<Model[]> {
  const response = await gateway.fetch('/v1/models');
  expect(response.status).toBe(200);
  const body = (await response.json()) as { object: string; data: Model[] };
  expect(body.object).toBe('list');
  return body.data;
}

describe('GET /v1/models', () => {
  it("is StepFun's list with the models' capabilities, loaded once", async () => {
    gateway = await startGateway();
    const models = await list();
    expect(models.find(({ id }) => id === 'step-3.7-flash')).toEqual({
      id: 'step-3.7-flash',
      object: 'model',
      created: expect.any(Number),
      owned_by: expect.any(String),
      context_length: 256_000,
      input_modalities: ['text', 'image', 'video'],
      reasoning_efforts: ['low', 'medium', 'high'],
    });
    await list();
    expect((await gateway.received()).filter(({ path }) => path === '/v1/models')).toHaveLength(1);
  });

  it('lists the allowed models only', async () => {
    gateway = await startGateway({ ALLOWED_MODELS: 'step-3.5-flash' });
    expect((await list()).map(({ id }) => id)).toEqual(['step-3.5-flash']);
    expect((await gateway.fetch('/v1/models/step-3.7-flash')).status).toBe(404);
  });

  it('needs credentials', async () => {
    gateway = await startGateway({ ANONYMOUS_ACCESS: 'false', CLIENT_KEYS: 'app:client-key-000001' });
    expect((await gateway.fetch('/v1/models')).status).toBe(401);
    const headers = { authorization: 'Bearer client-key-000001' };
    expect((await gateway.fetch('/v1/models', { headers })).status).toBe(200);
  });
});

describe('GET /v1/models/{id}', () => {
  it('returns one model, or 404', async () => {
    gateway = await startGateway();
    const one = await gateway.fetch('/v1/models/step-3.5-flash-2603');
    expect(await one.json()).toMatchObject({
      id: 'step-3.5-flash-2603',
      object: 'model',
      reasoning_efforts: ['low', 'high'],
    });
    for (const id of ['step-9', 'a/b', '%zz', '__proto__']) {
      const none = await gateway.fetch(`/v1/models/${id}`);
      expect([id, none.status]).toEqual([id, 404]);
      expect(await none.json()).toMatchObject({ error: { code: 'model_not_found' } });
    }
  });
});
