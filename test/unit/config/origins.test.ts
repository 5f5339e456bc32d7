import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesOrigin, originSchema, parseOriginRules } from '../../../src/config/origins.ts';

const matches = (list: string[], origin: string) => matchesOrigin(parseOriginRules(list), origin);
const isValid = (item: string) => originSchema.safeParse(item).success;

describe('originSchema', () => {
  it.each([
    '*',
    'https://app.example',
    'http://localhost:5173',
    'https://[::1]:8443',
    'app://obsidian.md',
    'tauri://localhost',
    'capacitor://localhost',
    'chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai',
    'vscode-webview://0rk5oq3v5p4d1q8',
    'https://*.app.pages.dev',
    'http://*.preview.localhost:3000',
    'https://*.xn--bcher-kva.example',
  ])('accepts %s', (item) => {
    expect(isValid(item)).toBe(true);
  });

  it.each([
    '',
    'null',
    'app.example',
    'https://app.example/',
    'https://app.example/path',
    'https://APP.example',
    'https://app.example:443',
    'https://user@app.example',
    'file:///home',
    'ftp://app.example',
    'ws://app.example',
    'capacitor://localhost/',
    'app:obsidian.md',
    'app://user@obsidian.md',
    'app://*.obsidian.md',
    'app://',
    'https://*',
    'https://*.dev',
    'https://*.dev:443',
    'https://*app.pages.dev',
    'https://app-*.pages.dev',
    'https://*.*.pages.dev',
    'https://app.*.pages.dev',
    'https://*.app.pages.dev/',
    'https://*.app..dev',
    'https://*.pages.dev.',
    'https://*.APP.pages.dev',
    'https://*.0.0.1',
    '**',
  ])('refuses "%s"', (item) => {
    expect(isValid(item)).toBe(false);
  });
});

describe('matchesOrigin', () => {
  it('compares exact origins as strings', () => {
    const list = ['https://app.example', 'capacitor://localhost'];
    for (const origin of list) expect(matches(list, origin)).toBe(true);
    for (const origin of [
      'http://app.example',
      'https://app.example:8443',
      'null',
      'capacitor://localhost.x',
      '',
    ])
      expect(matches(list, origin)).toBe(false);
  });

  it('allows every origin under *', () => {
    expect(matches(['*'], 'https://any.example')).toBe(true);
    expect(matches([], 'https://any.example')).toBe(false);
  });

  it.each(['https://abc.app.pages.dev', 'https://a-1.app.pages.dev', 'https://a_b.app.pages.dev'])(
    'lets the star take one label: %s',
    (origin) => {
      expect(matches(['https://*.app.pages.dev'], origin)).toBe(true);
    },
  );

  it.each([
    'https://app.pages.dev',
    'https://.app.pages.dev',
    'https://a.b.app.pages.dev',
    'https://*.app.pages.dev',
    'https://evilapp.pages.dev',
    'http://abc.app.pages.dev',
    'https://abc.app.pages.dev:8443',
    'https://abc.app.pages.dev.evil.example',
    'https://evil.example/.app.pages.dev',
    'https://evil.example:1.app.pages.dev',
    'https://evil@x.app.pages.dev',
    'https://abc.app.pages.dev/',
    'xhttps://abc.app.pages.dev',
  ])('refuses %s for https://*.app.pages.dev', (origin) => {
    expect(matches(['https://*.app.pages.dev'], origin)).toBe(false);
  });

  it('keeps the port of a pattern', () => {
    expect(matches(['http://*.preview.localhost:3000'], 'http://a.preview.localhost:3000')).toBe(true);
    expect(matches(['http://*.preview.localhost:3000'], 'http://a.preview.localhost')).toBe(false);
  });

  it('lets a star take nothing but one label, whatever stands there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        const expected = /^[a-z0-9_-]+$/.test(text);
        expect(matches(['https://*.app.pages.dev'], `https://${text}.app.pages.dev`)).toBe(expected);
      }),
    );
  });
});
