import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../src/playground/playground/settings.js';
import { parseShared, shareLink } from '../../../src/playground/playground/share.js';

const PAGE = 'https://gateway.example/?a=b#old';

describe('a link to share', () => {
  it('holds settings and prompt, whatever their characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (system, prompt) => {
        const link = new URL(shareLink(PAGE, { ...DEFAULTS, system }, prompt));
        expect(link.origin + link.pathname).toBe('https://gateway.example/');
        expect(parseShared(link.hash)).toEqual({ settings: { ...DEFAULTS, system }, prompt });
      }),
    );
  });

  it('is ignored where it is broken, and trusted in nothing', () => {
    for (const hash of ['', '#', '#share', '#share=', '#share=%%%', '#share=AAAA', '#other=e30']) {
      expect(parseShared(hash)).toBeNull();
    }
    const hostile = btoa(JSON.stringify({ settings: { temperature: 99, model: {} }, prompt: 7 }));
    expect(parseShared(`#share=${hostile}`)).toEqual({ settings: DEFAULTS, prompt: '' });
  });
});
