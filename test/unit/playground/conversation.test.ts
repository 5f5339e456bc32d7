import { describe, expect, it } from 'vitest';
import {
  applyUpdate,
  buildRequest,
  createAnswer,
  emptyQuestion,
} from '../../../src/playground/playground/conversation.js';
import { KNOWN_MODELS } from '../../../src/playground/playground/models.js';
import { DEFAULTS } from '../../../src/playground/playground/settings.js';
import type { Choice, Exchange, Question } from '../../../src/playground/types.ts';

const MODEL = KNOWN_MODELS[0];
const HELLO = question({ text: 'Hello' });
const REQUEST = buildRequest([], HELLO, DEFAULTS, MODEL);

describe('buildRequest', () => {
  it('sends what the visitor has picked', () => {
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
    expect(buildRequest([], HELLO, settings, KNOWN_MODELS[2])).not.toHaveProperty('reasoning_effort');
  });

  it('sends the conversation so far, without its reasoning and without questions that have no answer', () => {
    const history = [
      exchange('One', { content: 'First', reasoning: 'Hm.' }),
      exchange('Two', { content: '', reasoning: 'Hm.' }),
    ];
    expect(buildRequest(history, HELLO, DEFAULTS, MODEL).messages).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'First' },
      { role: 'user', content: 'Hello' },
    ]);
  });

  it('sends attachments as parts, the text first', () => {
    const attachments = [
      { type: 'image', name: 'a.png', url: 'data:image/png;base64,AA==' },
      { type: 'video', name: 'b.mp4', url: 'https://a.example/b.mp4' },
      { type: 'audio', name: 'c.wav', url: 'data:audio/wav;base64,AA==', format: 'wav' },
    ] as const;
    const parts = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
      { type: 'video_url', video_url: { url: 'https://a.example/b.mp4' } },
      { type: 'input_audio', input_audio: { data: 'data:audio/wav;base64,AA==', format: 'wav' } },
    ];
    const content = (text: string) =>
      buildRequest([], question({ text, attachments }), DEFAULTS, MODEL).messages.at(-1)?.content;
    expect(content('Look')).toEqual([{ type: 'text', text: 'Look' }, ...parts]);
    expect(content('')).toEqual(parts);
  });

  it('sends tool calls and their results', () => {
    const toolCalls = [{ id: 'call_1', name: 'get_weather', arguments: '{}' }];
    const results = [{ callId: 'call_1', name: 'get_weather', content: '21 °C' }];
    expect(
      buildRequest([exchange('Warm?', { toolCalls })], question({ results }), DEFAULTS, MODEL).messages,
    ).toEqual([
      { role: 'user', content: 'Warm?' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '21 °C' },
    ]);
  });

  it('sends each column its own answers, and the first ones to a column that was added later', () => {
    const both: Exchange = {
      question: question({ text: 'One' }),
      answers: [answer({ content: 'Left' }), answer({ content: 'Right' }, 1)],
    };
    const history = [exchange('Zero', { content: 'Alone' }), both];
    const contents = (column: number) =>
      buildRequest(history, HELLO, DEFAULTS, MODEL, column).messages.map(({ content }) => content);
    expect(contents(0)).toEqual(['Zero', 'Alone', 'One', 'Left', 'Hello']);
    expect(contents(1)).toEqual(['Zero', 'Alone', 'One', 'Right', 'Hello']);
  });

  it('keeps the tool results of one column from the other', () => {
    const results = [{ callId: 'call_1', name: 'f', content: '1' }];
    const called: Exchange = {
      question: question({ text: 'One' }),
      answers: [
        answer({ toolCalls: [{ id: 'call_1', name: 'f', arguments: '' }] }),
        answer({ content: 'Right' }, 1),
      ],
    };
    const history = [called, { question: question({ results }), answers: [answer({ content: 'Left' })] }];
    const roles = buildRequest(history, HELLO, DEFAULTS, MODEL, 1).messages.map(({ role }) => role);
    expect(roles).toEqual(['user', 'assistant', 'user']);
  });
});

describe('applyUpdate', () => {
  it('goes from waiting over reasoning to answering, and keeps the times', () => {
    const current = createAnswer(REQUEST, 100);
    expect(current.phase).toBe('waiting');
    applyUpdate(current, { type: 'reasoning', choice: 0, text: 'Hm' }, 200);
    applyUpdate(current, { type: 'reasoning', choice: 0, text: '.' }, 250);
    expect(current).toMatchObject({ phase: 'reasoning', firstTokenAt: 200 });
    expect(current.choices[0]).toMatchObject({ reasoning: 'Hm.', contentAt: null });
    applyUpdate(current, { type: 'content', choice: 0, text: 'A' }, 300);
    applyUpdate(current, { type: 'content', choice: 0, text: 'B' }, 350);
    applyUpdate(current, { type: 'finish', choice: 0, reason: 'stop' }, 360);
    applyUpdate(current, { type: 'usage', usage: { prompt: 1, completion: 2, cached: null } }, 360);
    expect(current).toMatchObject({ phase: 'answering', firstTokenAt: 200 });
    expect(current.choices[0]).toMatchObject({ content: 'AB', contentAt: 300, finishReason: 'stop' });
    // Late reasoning does not change the phase.
    applyUpdate(current, { type: 'reasoning', choice: 0, text: '!' }, 400);
    expect(current.phase).toBe('answering');
  });

  it('joins the pieces of tool calls', () => {
    const current = createAnswer(REQUEST, 0);
    const piece = (position: number, id: string, name: string, args: string) =>
      applyUpdate(
        current,
        { type: 'tool_call', choice: 0, position, call: { id, name, arguments: args } },
        1,
      );
    piece(0, 'a', 'f', '{"x"');
    piece(1, 'b', 'g', '{}');
    piece(0, '', '', ':1}');
    expect(current.choices[0]?.toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { id: 'b', name: 'g', arguments: '{}' },
    ]);
  });

  it('adds the choices that arrive, and ignores an index that no answer has', () => {
    const current = createAnswer(REQUEST, 0);
    applyUpdate(current, { type: 'content', choice: 2, text: 'c' }, 1);
    expect(current.choices.map(({ content }) => content)).toEqual(['', '', 'c']);
    for (const choice of [-1, 1e9, NaN]) applyUpdate(current, { type: 'content', choice, text: 'x' }, 1);
    expect(current.choices).toHaveLength(3);
  });
});

function question(fields: Partial<Question>): Question {
  return { ...emptyQuestion(), ...fields };
}

function answer(choice: Partial<Choice>, column = 0) {
  const created = createAnswer(REQUEST, 0, column);
  return { ...created, choices: [{ ...created.choices[0]!, ...choice }] };
}

function exchange(text: string, choice: Partial<Choice>): Exchange {
  return { question: question({ text }), answers: [answer(choice)] };
}
