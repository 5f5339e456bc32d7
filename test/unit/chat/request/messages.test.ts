// Messages by role, and their parts.

import { describe, expect, it } from 'vitest';
import {
  audio,
  calling,
  failure,
  fault,
  image,
  type Json,
  parse,
  PIXEL,
  sent,
  user,
  withMessages,
} from './support.ts';

/** @returns what StepFun gets for a message. */
function sentMessage(message: Json, ...before: Json[]): unknown {
  const { messages } = sent(withMessages(...before, message));
  return Array.isArray(messages) ? messages.at(-1) : undefined;
}

describe('messages', () => {
  it.each([
    [{ role: 'system', content: 'a' }],
    [{ role: 'user', content: 'a' }],
    [{ role: 'user', content: '' }],
    [{ role: 'assistant', content: 'a' }],
    [{ role: 'assistant', content: null }],
    [{ role: 'assistant', content: '' }],
    [{ role: 'user', content: 'a', name: 'Ada' }],
  ])('are sent as they are: %j', (message) => {
    expect(sentMessage(message)).toEqual(message);
  });

  it('send developer as system', () => {
    expect(sentMessage({ role: 'developer', content: 'a' })).toEqual({ role: 'system', content: 'a' });
  });

  it.each([
    [{ role: 'function', content: 'a', name: 'f' }, 'messages[0].role'],
    [{ role: 'User', content: 'a' }, 'messages[0].role'],
    [{ content: 'a' }, 'messages[0].role'],
    [{ role: null, content: 'a' }, 'messages[0].role'],
    [{ role: 'user' }, 'messages[0].content'],
    [{ role: 'user', content: null }, 'messages[0].content'],
    [{ role: 'user', content: [] }, 'messages[0].content'],
    [{ role: 'user', content: { type: 'text', text: 'a' } }, 'messages[0].content'],
    [{ role: 'system', content: null }, 'messages[0].content'],
    [{ role: 'system', content: [image('https://a.example/a.png')] }, 'messages[0].content[0].type'],
    [{ role: 'system', content: ['a'] }, 'messages[0].content[0]'],
    [{ role: 'assistant' }, 'messages[0].content'],
    [{ role: 'assistant', tool_calls: [] }, 'messages[0].content'],
    [{ role: 'assistant', content: 'a', function_call: { name: 'f' } }, 'messages[0].function_call'],
    [{ role: 'assistant', content: 'a', reasoning: 5 }, 'messages[0].reasoning'],
    [{ role: 'assistant', content: 'a', reasoning_content: ['a'] }, 'messages[0].reasoning_content'],
    [{ role: 'user', content: 'a', name: 5 }, 'messages[0].name'],
    [{ role: 'tool', content: 'a' }, 'messages[0].tool_call_id'],
    [{ role: 'system', content: [] }, 'messages[0].content'],
    ['a', 'messages[0]'],
    [null, 'messages[0]'],
    [[], 'messages[0]'],
  ])('are refused: %j', (message, param) => {
    expect(fault(withMessages(message))).toEqual(['invalid_value', param]);
  });

  it.each([
    [{ role: 'user', content: 'a', tool_calls: [] }, 'messages[].tool_calls'],
    [{ role: 'user', content: 'a', reasoning: 'b' }, 'messages[].reasoning'],
    [{ role: 'system', content: 'a', tool_call_id: 'b' }, 'messages[].tool_call_id'],
    [{ role: 'user', content: 'a', id: 'b' }, 'messages[].id'],
    [{ role: 'user', content: [{ type: 'text', text: 'a', txt: 'b' }] }, 'messages[].content[].txt'],
    [
      { role: 'user', content: [image('https://a.example', { size: 1 })] },
      'messages[].content[].image_url.size',
    ],
  ])('leave out fields of other roles and other services: %j', (message, path) => {
    const request = parse(withMessages(message));
    expect(request.ignoredParams).toEqual([path]);
    expect(sentMessage(message)).not.toHaveProperty(path.split('.').at(-1) ?? '');
  });
});

describe('lists of text parts', () => {
  const content = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
  ];
  it.each(['system', 'assistant'])('become one text where StepFun documents a string: %s', (role) => {
    expect(sentMessage({ role, content })).toEqual({ role, content: 'a\nb' });
  });
  it('become one text in tool messages', () => {
    const answer = { role: 'tool', tool_call_id: '1', content };
    expect(sentMessage(answer, calling('1'))).toEqual({ ...answer, content: 'a\nb' });
  });
  it('stay lists in user messages', () => {
    expect(sentMessage({ role: 'user', content })).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    });
  });
});

describe('image parts', () => {
  it('keep detail: high, and leave the default out', () => {
    const url = 'https://a.example/a.png';
    expect(sent(user(image(url, { detail: 'high' })))).toEqual(user(image(url, { detail: 'high' })));
    for (const detail of ['low', 'auto', null])
      expect(sent(user(image(url, { detail })))).toEqual(user(image(url)));
    expect(fault(user(image(url, { detail: 'medium' })))).toEqual([
      'invalid_value',
      'messages[0].content[0].image_url.detail',
    ]);
  });

  it('are objects', () => {
    const part = { type: 'image_url', image_url: 'https://a.example' };
    expect(fault(user(part))).toEqual(['invalid_value', 'messages[0].content[0].image_url']);
  });
});

describe('audio parts', () => {
  it("may be bare base64 with a format, as OpenAI's SDKs send it", () => {
    expect(sent(user(audio(PIXEL, { format: 'wav' })))).toEqual(
      user(audio(`data:audio/wav;base64,${PIXEL}`)),
    );
    expect(sent(user(audio(PIXEL, { format: 'mp3' })))).toEqual(
      user(audio(`data:audio/mpeg;base64,${PIXEL}`)),
    );
  });
  it('have a format that StepFun takes', () => {
    expect(fault(user(audio(PIXEL, { format: 'flac' })))).toEqual([
      'invalid_value',
      'messages[0].content[0].input_audio.format',
    ]);
  });
});

describe('other parts', () => {
  it.each([
    [{ type: 'document', document: {} }, 'messages[0].content[0].type'],
    [{ type: 'refusal', refusal: 'a' }, 'messages[0].content[0].type'],
    [{ text: 'a' }, 'messages[0].content[0].type'],
    [{ type: 'text' }, 'messages[0].content[0].text'],
    [{ type: 'text', text: null }, 'messages[0].content[0].text'],
    ['a', 'messages[0].content[0]'],
  ])('are refused: %j', (part, param) => {
    expect(fault(user(part))).toEqual(['invalid_value', param]);
  });
  it('are at least one, and at most 4096', () => {
    expect(failure(user()).message).toBe('messages[0].content: expected at least 1 item');
    const parts = Array.from({ length: 4097 }, () => ({ type: 'text', text: '' }));
    expect(fault(user(...parts))).toEqual(['invalid_value', 'messages[0].content']);
    expect(parse(user(...parts.slice(1))).choices).toBe(1);
  });
});

describe('fields of answers in the history', () => {
  it('are left out without a notice where StepFun has no use for them', () => {
    const message = {
      role: 'assistant',
      content: 'a',
      refusal: null,
      annotations: [],
      audio: null,
      function_call: null,
      tool_calls: [],
      parsed: { a: 1 },
      reasoning_details: [{ type: 'reasoning.text' }],
    };
    expect(sentMessage(message)).toEqual({ role: 'assistant', content: 'a' });
  });
  it('keep the reasoning, under its name', () => {
    for (const name of ['reasoning', 'reasoning_content']) {
      const message = { role: 'assistant', content: 'a', [name]: 'b' };
      expect(sentMessage(message)).toEqual(message);
    }
  });
  it('keep the id of a spoken answer', () => {
    const message = { role: 'assistant', content: null, audio: { id: '1' } };
    expect(sentMessage(message)).toEqual(message);
    const withoutId = { ...message, audio: { data: 'QUJD', transcript: 'a' } };
    expect(sentMessage(withoutId)).toEqual({ role: 'assistant', content: null });
    expect(fault(withMessages({ ...message, audio: { id: 5 } }))).toEqual([
      'invalid_value',
      'messages[0].audio.id',
    ]);
  });
  it('keep tool calls, without the fields that streams and parsers add', () => {
    const called = { name: 'f', arguments: '{"a":1}' };
    const call = { index: 0, id: '1', type: 'function', function: { ...called, parsed_arguments: { a: 1 } } };
    expect(sentMessage({ role: 'assistant', tool_calls: [call] })).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', type: 'function', function: called }],
    });
  });
  it.each([
    [{ id: 5, type: 'function', function: { name: 'f', arguments: '' } }, 'id'],
    [{ id: '1', function: { name: 'f', arguments: '' } }, 'type'],
    [{ id: '1', type: 'custom', function: { name: 'f', arguments: '' } }, 'type'],
    [{ id: '1', type: 'function' }, 'function'],
    [{ id: '1', type: 'function', function: { arguments: '' } }, 'function.name'],
    [{ id: '1', type: 'function', function: { name: '', arguments: '' } }, 'function.name'],
    [{ id: '1', type: 'function', function: { name: 'f' } }, 'function.arguments'],
    [{ id: '1', type: 'function', function: { name: 'f', arguments: {} } }, 'function.arguments'],
  ])('refuse the tool call %j', (call, param) => {
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    expect(fault(withMessages(message))).toEqual(['invalid_value', `messages[0].tool_calls[0].${param}`]);
  });
});

describe('empty content', () => {
  it.each(['assistant', 'tool'])('[] is an empty text: %s', (role) => {
    const id = role === 'tool' ? { tool_call_id: '1' } : {};
    const messages = [calling('1'), { role, content: [], ...id }] as const;
    expect(sentMessage(messages[1], messages[0])).toEqual({ role, content: '', ...id });
  });
});

describe('refusal parts', () => {
  it('of an assistant are text', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'refusal', refusal: 'I cannot help with that.' },
    ];
    expect(sentMessage({ role: 'assistant', content })).toEqual({
      role: 'assistant',
      content: 'a\nI cannot help with that.',
    });
  });
  it('of other roles are refused', () => {
    const part = { type: 'refusal', refusal: 'a' };
    for (const role of ['system', 'user']) {
      const [code, param] = fault(withMessages({ role, content: [part] }));
      expect([code, param]).toEqual(['invalid_value', 'messages[0].content[0].type']);
    }
  });
});

describe('file parts', () => {
  const file = (fields: Json) => user({ type: 'file', file: fields });

  it('with an image are that image', () => {
    const url = `data:image/webp;base64,${PIXEL}`;
    expect(sent(file({ file_data: url, filename: 'a.webp' }))).toEqual(user(image(url)));
    expect(parse(file({ file_data: url })).promptSize().images).toBe(1);
  });
  it('with a long image are that image, too', () => {
    const url = `data:image/png;base64,${'QUJD'.repeat(50_000)}`;
    expect(sent(file({ file_data: url }))).toEqual(user(image(url)));
  });
  it.each([
    { file_id: 'file-1' },
    { file_data: `data:application/pdf;base64,${PIXEL}`, filename: 'a.pdf' },
    { file_data: 'https://a.example/a.png' },
    { file_data: PIXEL },
    {},
  ])('of another kind are refused with advice: %j', (fields) => {
    const path = 'messages[0].content[0].file.file_data';
    expect(failure(file(fields))).toEqual({
      code: 'invalid_value',
      param: path,
      message: `${path}: StepFun takes no files: send the text of the file, or images of its pages`,
    });
  });
});

describe('calls of custom tools', () => {
  it('are refused by name', () => {
    const call = { id: '1', type: 'custom', custom: { name: 'f', input: 'a' } };
    const { param, message } = failure(
      withMessages({ role: 'assistant', content: null, tool_calls: [call] }),
    );
    expect(param).toBe('messages[0].tool_calls[0].type');
    expect(message).toContain('StepFun takes no custom tools');
  });
});
