import { describe, expect, it } from 'vitest';
import { version } from '../../../package.json';
import { healthResponse, isConfigured } from '../../../src/http/health.ts';

const READY = { STEP_API_KEY: 'sk-canary', ANONYMOUS_ACCESS: 'true' };

describe('healthResponse', () => {
  it.each<[string, object, number, object]>([
    ['a deployment that serves', READY, 200, { status: 'ok', configuration: 'valid', access: 'configured' }],
    [
      'one that nobody may call',
      { STEP_API_KEY: 'sk-canary' },
      503,
      { status: 'not_serving', configuration: 'valid', access: 'not_configured' },
    ],
    [
      'one with a wrong setting',
      { ...READY, CACHE_TTL_SECONDS: 'canary' },
      503,
      { status: 'not_serving', configuration: 'invalid', access: 'unknown' },
    ],
    ['one without settings', {}, 503, { status: 'not_serving', configuration: 'invalid', access: 'unknown' }],
  ])('%s', async (_, env, status, body) => {
    const response = healthResponse(env);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({ ...body, version });
    expect(text).not.toContain('canary');
  });
});

it('isConfigured tells whether the settings can be read', () => {
  expect(isConfigured({ ...READY })).toBe(true);
  expect(isConfigured({})).toBe(false);
});
