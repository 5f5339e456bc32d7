// A wrong setting stops the gateway, and only the log names it.

import { afterEach, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from './harness.ts';

let gateway: Gateway | undefined;
afterEach(() => gateway?.close());

describe('a wrong setting', () => {
  it('is a 503 without its name, one log line with its name, and a bad health', async () => {
    gateway = await startGateway({ RELAY: 'sideways', STEP_API_KEY: 'sk-canary' });
    const response = await gateway.chat();
    expect(response.status).toBe(503);
    expect(response.headers.get('x-should-retry')).toBe('false');
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({
      error: { type: 'server_error', code: 'invalid_configuration' },
    });
    expect(body).not.toContain('RELAY');

    const lines = gateway.logs().filter((line) => line.includes('invalid_configuration'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'error',
      detail: 'RELAY: expected one of rewrite, native',
    });
    expect(gateway.logs().join('')).not.toContain('sk-canary');

    const health = await gateway.fetch('/healthz');
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ configuration: 'invalid' });
  });
});

describe('a deployment without a way in', () => {
  it('refuses all requests, and the error says why', async () => {
    gateway = await startGateway({ ANONYMOUS_ACCESS: 'false' });
    const response = await gateway.chat();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'access_not_configured' } });
    expect(await gateway.received()).toHaveLength(0);
    const health = await gateway.fetch('/healthz');
    expect(await health.json()).toMatchObject({ configuration: 'valid', access: 'not_configured' });
  });
});

describe('ceilings', () => {
  it('apply to requests', async () => {
    gateway = await startGateway({
      ALLOWED_MODELS: 'step-3.5-flash',
      MAX_OUTPUT_TOKENS: '5',
      MAX_CHOICES: '2',
      MAX_BODY_BYTES: '1024',
    });
    const other = await gateway.chat({ model: 'step-3.7-flash' });
    expect(other.status).toBe(404);
    expect(await other.json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } });
    const many = await gateway.chat({ n: 3 });
    expect(many.status).toBe(400);
    expect(await many.json()).toMatchObject({ error: { code: 'invalid_value', param: 'n' } });
    const large = await gateway.chat({ messages: [{ role: 'user', content: 'x'.repeat(1100) }] });
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ error: { code: 'request_too_large' } });
    expect(await gateway.received()).toHaveLength(0);

    const long = await gateway.chat();
    expect(await long.json()).toMatchObject({ choices: [{ finish_reason: 'length' }] });
  });
});
