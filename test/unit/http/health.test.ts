import { describe, expect, it, vi } from 'vitest';
import { healthResponse, isConfigured } from '../../../src/http/health.ts';

const KEY = { STEP_API_KEY: 'sk-canary' };
const WRONG = { RELAY: 'sideways', TOKEN_PER_DAY: '5', JWT_ISSUER: 'https://issuer.example' };
const PUBLIC = 'https://gateway.example/healthz';

async function health(env: object, url = PUBLIC, hasWayIn: () => Promise<boolean> = async () => true) {
  const response = await healthResponse(new Request(url), env, hasWayIn);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return response.json<Record<string, unknown>>();
}

describe('healthResponse', () => {
  it('is ok when requests can be served', async () => {
    expect(await health(KEY)).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      configuration: 'valid',
      access: 'configured',
    });
    expect((await healthResponse(new Request(PUBLIC), KEY, async () => true)).status).toBe(200);
  });

  it('is not_serving without a way in', async () => {
    const env = { ...KEY };
    expect((await healthResponse(new Request(PUBLIC), env, async () => false)).status).toBe(503);
    expect(await health(env, PUBLIC, async () => false)).toMatchObject({
      status: 'not_serving',
      configuration: 'valid',
      access: 'not_configured',
    });
  });

  it('reports access as unknown if the lookup of the ways in fails', async () => {
    expect(await health(KEY, PUBLIC, () => Promise.reject(new Error('KV is down')))).toMatchObject({
      status: 'not_serving',
      access: 'unknown',
    });
  });

  it('names missing settings, but not wrong ones, to other machines', async () => {
    const hasWayIn = vi.fn<() => Promise<boolean>>();
    const body = await health({}, PUBLIC, hasWayIn);
    expect(body).toMatchObject({
      status: 'not_serving',
      configuration: 'invalid',
      access: 'unknown',
      missing: [{ setting: 'STEP_API_KEY', expected: 'a StepFun key, or UPSTREAM_KEY=client' }],
    });
    expect(hasWayIn).not.toHaveBeenCalled();
    expect(await health({ ...KEY, TOKEN_PER_DAY: '5' })).toMatchObject({ missing: [] });
    for (const url of [PUBLIC, 'https://localhost/healthz', 'http://gateway.example/healthz']) {
      const text = JSON.stringify(await health({ ...WRONG }, url));
      expect(text).not.toContain('RELAY');
      expect(text).not.toContain('TOKEN_PER_DAY');
    }
  });

  it.each(['http://localhost:8787/healthz', 'http://127.0.0.1:8787/healthz', 'http://[::1]/healthz'])(
    'names wrong settings on the operator’s own machine: %s',
    async (url) => {
      expect(await health({ ...KEY, ...WRONG }, url)).toMatchObject({
        wrong: [
          { setting: 'RELAY', expected: 'one of rewrite, native' },
          { setting: 'TOKEN_PER_DAY', expected: expect.stringContaining('TOKENS_PER_DAY') },
        ],
      });
      expect(await health({ ...KEY, TOKENS_PER_DAY: '5' }, url)).toMatchObject({
        wrong: [{ setting: 'TOKENS_PER_DAY', expected: 'the binding BUDGETS' }],
      });
    },
  );

  it('contains no value of a setting', async () => {
    const env = { STEP_API_KEY: 'sk canary', CLIENT_KEYS: 'canary', RELAY: 'canary' };
    expect(JSON.stringify(await health(env, 'http://localhost/healthz'))).not.toContain('canary');
  });
});

describe('isConfigured', () => {
  it('is true when the settings can be used', () => {
    expect(isConfigured({ ...KEY })).toBe(true);
    expect(isConfigured({})).toBe(false);
  });
});
