// src/http/assets.ts in workerd, over the real assets.

import { readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeGateway, type FakeGateway } from '../../browser/playground-harness.ts';

const FILES = new URL('../../../src/playground/playground/', import.meta.url);

/** Fetched when they are first needed, not with the page. */
const LATER = new Set(['code-dialog.css', 'code-dialog.js', 'images.js', 'snippets.js', 'turnstile.js']);

let plain: FakeGateway;
let withTurnstile: FakeGateway;

beforeAll(async () => {
  [plain, withTurnstile] = await Promise.all([startFakeGateway(), startFakeGateway('0x4AAA"<b>')]);
});
afterAll(async () => {
  await Promise.all([plain.close(), withTurnstile.close()]);
});

describe('servePlayground', () => {
  it('fences the page in', async () => {
    const { headers } = await fetch(plain.url);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('strict-origin');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('etag')).toBeNull();
  });

  it('lets Turnstile in where it is configured, and nobody else', async () => {
    const policy = (await fetch(withTurnstile.url)).headers.get('content-security-policy');
    expect(policy).toBe(
      "default-src 'none'; script-src 'self' https://challenges.cloudflare.com; style-src 'self'; " +
        "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        'frame-src https://challenges.cloudflare.com',
    );
  });

  it('tells the page its site key, escaped', async () => {
    const page = await (await fetch(withTurnstile.url)).text();
    expect(page).toMatch(/<meta name="turnstile-site-key" content="0x4AAA&quot;<b>"\s*\/?>/);
    expect(await (await fetch(plain.url)).text()).toContain('<meta name="turnstile-site-key" content="" />');
  });

  it('serves each file under its type, and asks the browser to check it again', async () => {
    for (const name of await readdir(FILES)) {
      const file = await fetch(`${plain.url}/playground/${name}`);
      const type = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }[
        name.split('.').at(-1) ?? ''
      ];
      expect(file.headers.get('content-type')).toMatch(new RegExp(`^${type?.replace('+', String.raw`\+`)}`));
      expect(file.headers.get('content-security-policy')).toContain("default-src 'none'");
      const etag = file.headers.get('etag');
      expect(etag).not.toBeNull();
      const again = await fetch(file.url, { headers: { 'if-none-match': etag ?? '' } });
      expect(again.status).toBe(304);
    }
  });

  it('preloads each module of the page, and only those', async () => {
    const page = await (await fetch(plain.url)).text();
    const preloaded = [...page.matchAll(/rel="modulepreload" href="\/playground\/([^"]+)"/g)].map(
      ([, name]) => name,
    );
    const modules = (await readdir(FILES)).filter((name) => name.endsWith('.js') && name !== 'app.js');
    expect(preloaded).toEqual(modules.filter((name) => !LATER.has(name)).sort());
  });

  it.each(['/playground/none.js', '/playground/', '/playground', '/tsconfig.json', '/types.ts'])(
    'has nothing at %s',
    async (path) => {
      const response = await fetch(`${plain.url}${path}`, { redirect: 'manual' });
      expect(response.status).toBe(404);
    },
  );

  it('stays small: 40 KB as it travels, comments and all', async () => {
    const names = (await readdir(FILES))
      .filter((name) => !LATER.has(name))
      .map((name) => `/playground/${name}`);
    const sizes = await Promise.all(
      ['/', ...names].map(
        async (path) => gzipSync(await (await fetch(`${plain.url}${path}`)).bytes()).length,
      ),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(40 * 1024);
  });
});
