import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  buildRequest,
  createAnswer,
  emptyQuestion,
} from '../../../src/playground/playground/conversation.js';
import { History, parseConversations, titleOf } from '../../../src/playground/playground/history.js';
import { KNOWN_MODELS } from '../../../src/playground/playground/models.js';
import { DEFAULTS } from '../../../src/playground/playground/settings.js';
import type { Exchange } from '../../../src/playground/types.ts';

let store: Map<string, string>;
let quotaChars: number;

beforeEach(() => {
  store = new Map();
  quotaChars = Infinity;
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => store.get(name) ?? null,
    removeItem: (name: string) => store.delete(name),
    setItem: (name: string, value: string) => {
      if (value.length > quotaChars) throw new DOMException('full', 'QuotaExceededError');
      store.set(name, value);
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

const stored = () => new History().conversations;

describe('History', () => {
  it('keeps conversations over a reload, the newest first, without what was recorded', () => {
    const history = new History();
    history.save('a', [exchange('One')]);
    history.save('b', [exchange('Two')]);
    history.save('a', [exchange('One'), exchange('Three')]);
    expect(stored().map(titleOf)).toEqual(['One', 'Two']);
    expect(stored()[0]?.exchanges).toHaveLength(2);
    const trace = stored()[0]?.exchanges[0]?.answers[0]?.trace;
    expect(trace).toMatchObject({ pieces: [], responseHeaders: [['x-request-id', 'r']] });
  });

  it('keeps no exchange whose answer is still under way', () => {
    const history = new History();
    history.save('a', [exchange('One', { endedAt: null })]);
    expect(stored()).toEqual([]);
  });

  it('keeps 20, and lets the oldest make room where the browser has none', () => {
    const history = new History();
    for (let at = 0; at < 25; at += 1) history.save(`id-${at}`, [exchange(`Question ${at}`)]);
    expect(stored()).toHaveLength(20);
    quotaChars = store.values().next().value!.length - 1000;
    history.save('last', [exchange('Last')]);
    expect(stored().length).toBeLessThan(20);
    expect(titleOf(stored()[0]!)).toBe('Last');
  });

  it('leaves out the images of one conversation that is too large', () => {
    quotaChars = 20_000;
    const image = {
      type: 'image',
      name: 'a.png',
      url: `data:image/png;base64,${'A'.repeat(30_000)}`,
    } as const;
    new History().save('a', [exchange('Look', {}, [image])]);
    expect(stored()[0]?.exchanges[0]?.question).toMatchObject({ text: 'Look', attachments: [] });
  });

  it('forgets all of them', () => {
    const history = new History();
    history.save('a', [exchange('One')]);
    history.clear();
    expect(history.conversations).toEqual([]);
    expect(store.size).toBe(0);
  });

  it('works where the browser forbids storage', () => {
    vi.stubGlobal('localStorage', undefined);
    const history = new History();
    history.save('a', [exchange('One')]);
    expect(history.conversations).toHaveLength(1);
  });
});

describe('parseConversations', () => {
  it('drops what it can’t show', () => {
    for (const value of [undefined, {}, [1], [{ id: 'a' }], [{ id: 'a', exchanges: [{ question: {} }] }]]) {
      expect(parseConversations(value)).toEqual([]);
    }
  });
});

function exchange(
  text: string,
  fields: { endedAt?: number | null } = {},
  attachments: Exchange['question']['attachments'] = [],
): Exchange {
  const question = { ...emptyQuestion(), text, attachments };
  const answer = createAnswer(buildRequest([], question, DEFAULTS, KNOWN_MODELS[0]), 0);
  const trace = {
    ...answer.trace,
    pieces: [{ at: 1, text: 'data' }],
    responseHeaders: [['x-request-id', 'r'] as const],
  };
  return { question, answers: [{ ...answer, trace, endedAt: 5, ...fields }] };
}
