import { describe, expect, it } from 'vitest';
import { applyUpdate, buildRequest, createAnswer } from '../../../src/playground/playground/conversation.js';
import { KNOWN_MODELS, parseModels } from '../../../src/playground/playground/models.js';
import { DEFAULTS, parseSettings } from '../../../src/playground/playground/settings.js';
import { cacheWords, duration, figures } from '../../../src/playground/playground/stats.js';

const MODEL = KNOWN_MODELS[0];
const HELLO = { text: 'Hello', images: [] };
const REQUEST = buildRequest([], HELLO, DEFAULTS, MODEL);

function answered(content: string) {
  return { ...createAnswer(REQUEST, 0), content };
}

describe('buildRequest', () => {
  it('asks with what was picked', () => {
    const settings = { ...DEFAULTS, effort: 'high', maxTokens: 100, system: 'Be brief.', stream: false };
    expect(buildRequest([], HELLO, settings, MODEL)).toEqual({
      model: 'step-3.7-flash',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
      stream: false,
      reasoning_effort: 'high',
      reasoning_format: 'general',
      temperature: 0.5,
      max_tokens: 100,
    });
  });

  it('leaves out an effort that the model does not take', () => {
    const settings = { ...DEFAULTS, effort: 'medium' };
    const twoTiers = KNOWN_MODELS[2];
    expect(buildRequest([], HELLO, settings, twoTiers)).not.toHaveProperty('reasoning_effort');
  });

  it('tells the conversation so far, without its reasoning and without questions that got no answer', () => {
    const history = [
      { question: { text: 'One', images: [] }, answer: { ...answered('First'), reasoning: 'Hm.' } },
      { question: { text: 'Two', images: [] }, answer: answered('') },
    ];
    expect(buildRequest(history, HELLO, DEFAULTS, MODEL).messages).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'First' },
      { role: 'user', content: 'Hello' },
    ]);
  });

  it('sends images as parts, the words first', () => {
    const image = { name: 'a.png', url: 'data:image/png;base64,AA==' };
    const part = { type: 'image_url', image_url: { url: image.url } };
    const content = (text: string) =>
      buildRequest([], { text, images: [image] }, DEFAULTS, MODEL).messages.at(-1)?.content;
    expect(content('Look')).toEqual([{ type: 'text', text: 'Look' }, part]);
    expect(content('')).toEqual([part]);
  });
});

describe('applyUpdate', () => {
  it('goes from waiting over reasoning to answering, and keeps the times', () => {
    const answer = createAnswer(REQUEST, 100);
    expect(answer.phase).toBe('waiting');
    applyUpdate(answer, { type: 'open', cacheStatus: 'stepfun-edge; fwd=miss', requestId: 'r' }, 150);
    expect(answer.phase).toBe('waiting');
    applyUpdate(answer, { type: 'reasoning', text: 'Hm' }, 200);
    applyUpdate(answer, { type: 'reasoning', text: '.' }, 250);
    expect(answer).toMatchObject({
      phase: 'reasoning',
      reasoning: 'Hm.',
      firstTokenAt: 200,
      contentAt: null,
    });
    applyUpdate(answer, { type: 'content', text: 'A' }, 300);
    applyUpdate(answer, { type: 'content', text: 'B' }, 350);
    applyUpdate(answer, { type: 'finish', reason: 'stop' }, 360);
    applyUpdate(answer, { type: 'usage', usage: { prompt: 1, completion: 2, cached: null } }, 360);
    expect(answer).toMatchObject({ phase: 'answering', content: 'AB', firstTokenAt: 200, contentAt: 300 });
    // Reasoning that comes late unfolds nothing again.
    applyUpdate(answer, { type: 'reasoning', text: '!' }, 400);
    expect(answer).toMatchObject({ phase: 'answering', reasoning: 'Hm.!', finishReason: 'stop' });
  });
});

describe('parseModels', () => {
  it("reads OpenAI's list with the gateway's capabilities", () => {
    const data = [
      { id: 'step-new', object: 'model', reasoning_efforts: ['high'], input_modalities: ['text', 'image'] },
      { id: 'step-3.5-flash-2603' },
      { id: 'step-plain' },
      { object: 'model' },
      7,
    ];
    expect(parseModels({ object: 'list', data })).toEqual([
      { id: 'step-new', efforts: ['high'], images: true },
      { id: 'step-3.5-flash-2603', efforts: ['low', 'high'], images: false },
      { id: 'step-plain', efforts: [], images: null },
    ]);
  });

  it.each([undefined, null, {}, { data: [] }, { data: 'x' }, []])(
    'falls back on the known ones for %j',
    (answer) => {
      expect(parseModels(answer)).toEqual(KNOWN_MODELS);
    },
  );
});

describe('parseSettings', () => {
  it('survives whatever was stored', () => {
    const stored = { model: 3, format: 'other', temperature: 9, maxTokens: -1, stream: 'x', system: null };
    for (const value of [undefined, null, 'x', 1, [], {}, stored])
      expect(parseSettings(value)).toEqual(DEFAULTS);
  });

  it('gives back what was saved', () => {
    const settings = {
      model: 'm',
      effort: 'low',
      format: 'hidden',
      temperature: 0,
      maxTokens: 7,
      stream: false,
      system: 's',
    } as const;
    expect(parseSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });
});

describe('figures', () => {
  const usage = { prompt: 1200, completion: 50, cached: 64 };
  const cacheStatus = 'stepfun-edge; fwd=miss; stored';
  const done = {
    ...answered('x'),
    firstTokenAt: 400,
    endedAt: 1400,
    usage,
    cacheStatus,
    finishReason: 'stop',
  };
  const shown = (answer: typeof done) =>
    Object.fromEntries(figures(answer).map(({ label, value }) => [label, value]));

  it('shows what an answer took', () => {
    expect(shown(done)).toEqual({
      'First token': '400 ms',
      Total: '1.4 s',
      Speed: '50 tok/s',
      Prompt: '1,200 (64 cached)',
      Completion: '50',
      Cache: 'miss, stored',
    });
  });

  it('claims no speed for a hit, for what did not stream, or for what came at once', () => {
    expect(shown({ ...done, cacheStatus: 'stepfun-edge; hit; ttl=60' })).not.toHaveProperty('Speed');
    expect(shown({ ...done, firstTokenAt: 1390 })).not.toHaveProperty('Speed');
    const whole = shown({ ...done, request: { ...REQUEST, stream: false } });
    expect(Object.keys(whole)).toEqual(['Total', 'Prompt', 'Completion', 'Cache']);
  });

  it('says why an answer is short', () => {
    expect(shown({ ...done, finishReason: 'length' })['Finish']).toBe('cut at max tokens');
  });
});

describe('cacheWords', () => {
  it.each([
    ['stepfun-edge; hit; ttl=3540', 'hit, 59 min left'],
    ['stepfun-edge; hit; ttl=-5', 'hit, stale'],
    ['stepfun-edge; hit', 'hit'],
    ['stepfun-edge; hit; ttl=30; detail=memory', 'hit, 30 s left'],
    ['stepfun-edge; fwd=miss', 'miss'],
    ['stepfun-edge; fwd=miss; stored', 'miss, stored'],
    ['stepfun-edge; fwd=miss; collapsed', 'miss, shared with an equal request'],
    ['stepfun-edge; fwd=bypass', 'bypass'],
  ])('reads %s', (header, expected) => {
    expect(cacheWords(header)).toBe(expected);
  });
});

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [999.6, '1.0 s'],
    [1234, '1.2 s'],
    [12_345, '12 s'],
    [119_000, '2 min'],
    [7_300_000, '2 h'],
  ])('%d ms is %s', (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });
});
