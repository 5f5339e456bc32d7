// Messages by role, their parts, and sense among them.

import { describe, expect, it } from 'vitest';
import { checkSense } from '../../../../src/chat/request/cross-field.ts';
import type { Issue } from '../../../../src/chat/request/issues.ts';
import { calling, chat, failure, fault, type Json, parse, saying, sent } from './support.ts';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

/** What StepFun is told instead of a message. */
function told(message: Json, ...before: Json[]): unknown {
  const { messages } = sent(saying(...before, message));
  return Array.isArray(messages) ? messages.at(-1) : undefined;
}

function user(...parts: unknown[]): Json {
  return saying({ role: 'user', content: parts });
}

const image = (url: unknown, more: Json = {}) => ({ type: 'image_url', image_url: { url, ...more } });
const video = (url: unknown) => ({ type: 'video_url', video_url: { url } });
const audio = (data: unknown, more: Json = {}) => ({ type: 'input_audio', input_audio: { data, ...more } });

describe('roles', () => {
  it.each([
    [{ role: 'system', content: 'a' }],
    [{ role: 'user', content: 'a' }],
    [{ role: 'user', content: '' }],
    [{ role: 'assistant', content: 'a' }],
    [{ role: 'assistant', content: null }],
    [{ role: 'assistant', content: '' }],
    [{ role: 'user', content: 'a', name: 'Ada' }],
  ])('pass on %j', (message) => {
    expect(told(message)).toEqual(message);
  });

  it('make system of developer', () => {
    expect(told({ role: 'developer', content: 'a' })).toEqual({ role: 'system', content: 'a' });
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
    ['a', 'messages[0]'],
    [null, 'messages[0]'],
    [[], 'messages[0]'],
  ])('refuse %j', (message, param) => {
    expect(fault(saying(message))).toEqual(['invalid_value', param]);
  });

  it.each([
    [{ role: 'user', content: 'a', tool_calls: [] }, 'messages[0].tool_calls'],
    [{ role: 'user', content: 'a', reasoning: 'b' }, 'messages[0].reasoning'],
    [{ role: 'system', content: 'a', tool_call_id: 'b' }, 'messages[0].tool_call_id'],
    [{ role: 'user', content: 'a', id: 'b' }, 'messages[0].id'],
    [{ role: 'user', content: [{ type: 'text', text: 'a', txt: 'b' }] }, 'messages[0].content[0].txt'],
    [
      { role: 'user', content: [image('https://a.example', { size: 1 })] },
      'messages[0].content[0].image_url.size',
    ],
  ])('know no other field: %j', (message, param) => {
    expect(fault(saying(message))).toEqual(['unknown_parameter', param]);
  });
});

describe('lists of text parts', () => {
  const content = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
  ];
  it.each(['system', 'assistant'])('become one text where StepFun documents a string: %s', (role) => {
    expect(told({ role, content })).toEqual({ role, content: 'a\nb' });
  });
  it('become one text in tool messages', () => {
    const answer = { role: 'tool', tool_call_id: '1', content };
    expect(told(answer, calling('1'))).toEqual({ ...answer, content: 'a\nb' });
  });
  it('stay lists in user messages', () => {
    expect(told({ role: 'user', content })).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    });
  });
});

describe('images', () => {
  it.each([
    'https://www.stepfun.com/assets/section-1-CTe4nZiO.webp',
    'http://a.example:8080/a?b=c#d',
    'HTTPS://A.EXAMPLE/',
    'https://例え.jp/画像.png',
    ...['jpeg', 'jpg', 'png', 'webp', 'gif'].map((type) => `data:image/${type};base64,${PIXEL}`),
    'data:image/png;base64,QQ==',
    'data:image/png;base64,QQ',
    'data:image/png;base64,QUI=',
    'data:image/png;base64,QUI',
    'data:image/png;base64,+/+/',
  ])('may be %s', (url) => {
    expect(sent(user(image(url)))).toEqual(user(image(url)));
  });

  it.each([
    '',
    'a.png',
    '//a.example/a.png',
    'ftp://a.example/a.png',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'stepfile://abc',
    'https://',
    'https://a b',
    'https://[::1',
    'https://a.example:99999/',
    'https:\\\\a.example',
    'https://a.example/a\nb',
    ' https://a.example',
    'https://a.example\n',
    'http:/a.example',
    'data:,a',
    `data:image/svg+xml;base64,${PIXEL}`,
    `data:image/bmp;base64,${PIXEL}`,
    `data:image/PNG;base64,${PIXEL}`,
    `data:text/html;base64,${PIXEL}`,
    `data:audio/mpeg;base64,${PIXEL}`,
    `data:image/png;charset=utf-8;base64,${PIXEL}`,
    `data:image/png,${PIXEL}`,
    'data:image/png;base64,',
    'data:image/png;base64,=',
    'data:image/png;base64,==',
    'data:image/png;base64,A',
    'data:image/png;base64,AAAAA',
    'data:image/png;base64,QQ=',
    'data:image/png;base64,QUI==',
    'data:image/png;base64,QUJD=',
    'data:image/png;base64,QQ===',
    'data:image/png;base64,QQ==QQ==',
    'data:image/png;base64,QU JD',
    'data:image/png;base64,QUJD\n',
    'data:image/png;base64,QUJD\nQUJD',
    'data:image/png;base64,QUJDA\n\n\n',
    'data:image/png;base64,QU-_',
    'data:image/png;base64,QUJ\u00e9',
    'data:image/png;base64,QUJ"',
    5,
    null,
    ['https://a.example'],
  ])('may not be %j', (url) => {
    expect(fault(user(image(url)))).toEqual(['invalid_value', 'messages[0].content[0].image_url.url']);
  });

  it('may be larger than a piece of the decoder, and are checked to their end', () => {
    const long = 'QUJD'.repeat(50_000);
    const broken = [
      `${long}!`,
      `${long}=QUJD`,
      `QUI=${long}`,
      `${long}A`,
      `${long}\n\n\n\n`,
      `\n\n\n\n${long}`,
    ];
    expect(sent(user(image(`data:image/png;base64,${long}`)))).toEqual(
      user(image(`data:image/png;base64,${long}`)),
    );
    for (const payload of broken) {
      expect(fault(user(image(`data:image/png;base64,${payload}`)))).toEqual([
        'invalid_value',
        'messages[0].content[0].image_url.url',
      ]);
    }
  });

  it('keep detail: high, and lose what is the default', () => {
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

describe('videos', () => {
  it.each([
    'https://a.example/a.mp4',
    'https://a.example/watch?v=1',
    'http://a.example/a.mp4?x=b.avi',
    'https://a.example/movie.final',
  ])('may be %s', (url) => {
    expect(sent(user(video(url)))).toEqual(user(video(url)));
  });
  it.each([
    'https://a.example/a.avi',
    'https://a.example/a.mov',
    'https://a.example/a.webm?x',
    'https://a.example/a.mkv#t=5',
    `data:video/mp4;base64,${PIXEL}`,
    'ftp://a.example/a.mp4',
    '',
  ])('may not be %s', (url) => {
    expect(fault(user(video(url)))).toEqual(['invalid_value', 'messages[0].content[0].video_url.url']);
  });
});

describe('sounds', () => {
  it.each(['mpeg', 'mp3', 'wav'])('may be data:audio/%s', (type) => {
    const part = audio(`data:audio/${type};base64,${PIXEL}`);
    expect(sent(user(part))).toEqual(user(part));
    expect(sent(user(audio(part.input_audio.data, { format: 'mp3' })))).toEqual(user(part));
  });
  it("may be bare base64 with a format, as OpenAI's SDKs send it", () => {
    expect(sent(user(audio(PIXEL, { format: 'wav' })))).toEqual(
      user(audio(`data:audio/wav;base64,${PIXEL}`)),
    );
    expect(sent(user(audio(PIXEL, { format: 'mp3' })))).toEqual(
      user(audio(`data:audio/mpeg;base64,${PIXEL}`)),
    );
  });
  it.each([
    audio(PIXEL),
    audio('https://a.example/a.mp3'),
    audio(`data:audio/ogg;base64,${PIXEL}`),
    audio('data:audio/mpeg;base64,!'),
    audio(''),
  ])('may not be %j', (part) => {
    expect(fault(user(part))).toEqual(['invalid_value', 'messages[0].content[0].input_audio.data']);
  });
  it('have a format that StepFun takes', () => {
    expect(fault(user(audio(PIXEL, { format: 'flac' })))).toEqual([
      'invalid_value',
      'messages[0].content[0].input_audio.format',
    ]);
  });
});

describe('remoteMedia', () => {
  it.each([
    [user(image('https://a.example/a.png')), true],
    [user({ type: 'text', text: 'a' }, video('http://a.example/a.mp4')), true],
    [user(image('HTTP://a.example/a.png')), true],
    [user(image(`data:image/png;base64,${PIXEL}`)), false],
    [user(audio(`data:audio/mpeg;base64,${PIXEL}`)), false],
    [user({ type: 'text', text: 'https://a.example/a.png' }), false],
    [chat(), false],
  ])('of %j', (body, remote) => {
    expect(parse(body).remoteMedia).toBe(remote);
  });
});

describe('other parts', () => {
  it.each([
    [{ type: 'file', file: {} }, 'messages[0].content[0].type'],
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

describe('what an answer brings back as history', () => {
  it('is left out where it says nothing', () => {
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
    expect(told(message)).toEqual({ role: 'assistant', content: 'a' });
  });
  it('keeps its reasoning, under the name it came with', () => {
    for (const name of ['reasoning', 'reasoning_content']) {
      const message = { role: 'assistant', content: 'a', [name]: 'b' };
      expect(told(message)).toEqual(message);
    }
  });
  it('keeps its sound', () => {
    const message = { role: 'assistant', content: null, audio: { id: '1' } };
    expect(told(message)).toEqual(message);
    expect(fault(saying({ ...message, audio: {} }))).toEqual(['invalid_value', 'messages[0].audio.id']);
  });
  it('keeps its tool calls, without what streams and parsers add', () => {
    const called = { name: 'f', arguments: '{"a":1}' };
    const call = { index: 0, id: '1', type: 'function', function: { ...called, parsed_arguments: { a: 1 } } };
    expect(told({ role: 'assistant', tool_calls: [call] })).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', type: 'function', function: called }],
    });
  });
  it.each([
    [{ id: '', type: 'function', function: { name: 'f', arguments: '' } }, 'id'],
    [{ type: 'function', function: { name: 'f', arguments: '' } }, 'id'],
    [{ id: '1', function: { name: 'f', arguments: '' } }, 'type'],
    [{ id: '1', type: 'custom', function: { name: 'f', arguments: '' } }, 'type'],
    [{ id: '1', type: 'function' }, 'function'],
    [{ id: '1', type: 'function', function: { arguments: '' } }, 'function.name'],
    [{ id: '1', type: 'function', function: { name: '', arguments: '' } }, 'function.name'],
    [{ id: '1', type: 'function', function: { name: 'f' } }, 'function.arguments'],
    [{ id: '1', type: 'function', function: { name: 'f', arguments: {} } }, 'function.arguments'],
  ])('refuses the tool call %j', (call, param) => {
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    expect(fault(saying(message))).toEqual(['invalid_value', `messages[0].tool_calls[0].${param}`]);
  });
});

describe('sense among fields', () => {
  const answer = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'a' });

  it('a tool message answers a call of an earlier assistant message', () => {
    expect(sent(saying(calling('1', '2'), answer('2'), answer('1')))['messages']).toHaveLength(3);
    expect(fault(saying(calling('1'), answer('2')))).toEqual(['invalid_value', 'messages[1].tool_call_id']);
    expect(fault(saying(answer('1'), calling('1')))).toEqual(['invalid_value', 'messages[0].tool_call_id']);
    expect(fault(saying(answer('')))).toEqual(['invalid_value', 'messages[0].tool_call_id']);
  });

  it('many of them are looked for no further than they are shown', () => {
    const messages = Array.from({ length: 50_000 }, () => ({ ...answer('1'), role: 'tool' as const }));
    const issues: Issue[] = [];
    checkSense({ model: 'm', messages }, issues);
    expect(issues).toHaveLength(21);
    expect(failure(saying(...messages)).message.split('; ')).toHaveLength(21);
  });

  it('tool_choice names a tool that is there', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const choose = (name: string) => ({ type: 'function', function: { name } });
    expect(sent(chat({ tools, tool_choice: choose('f') }))['tool_choice']).toEqual(choose('f'));
    expect(sent(chat({ tools, tool_choice: 'required' }))['tool_choice']).toBe('required');
    const at = 'tool_choice.function.name';
    expect(fault(chat({ tools, tool_choice: choose('g') }))).toEqual(['invalid_value', at]);
    expect(fault(chat({ tool_choice: choose('f') }))).toEqual(['invalid_value', at]);
    const search = [{ type: 'web_search', function: { name: 'f' } }];
    expect(fault(chat({ tools: search, tool_choice: choose('f') }))).toEqual(['invalid_value', at]);
    expect(fault(chat({ tool_choice: 'required' }))).toEqual(['invalid_value', 'tool_choice']);
    expect(fault(chat({ tools: [], tool_choice: 'required' }))).toEqual(['invalid_value', 'tool_choice']);
  });

  it('max_tokens has one value', () => {
    expect(parse(chat({ max_tokens: 5, max_completion_tokens: 5 })).maxTokens).toBe(5);
    expect(parse(chat({ max_tokens: 5, max_completion_tokens: null })).maxTokens).toBe(5);
    const two = chat({ max_tokens: 5, max_completion_tokens: 6 });
    expect(fault(two)).toEqual(['invalid_value', 'max_completion_tokens']);
  });

  it('so has reasoning_effort', () => {
    const one = chat({ reasoning_effort: 'low', reasoning: { effort: 'low' } });
    expect(sent(one)['reasoning_effort']).toBe('low');
    const two = chat({ reasoning_effort: 'low', reasoning: { effort: 'high' } });
    expect(fault(two)).toEqual(['invalid_value', 'reasoning.effort']);
  });

  it('a model takes the efforts that it is documented to take', () => {
    const model = 'step-3.5-flash-2603';
    for (const reasoning_effort of ['low', 'high']) {
      expect(sent(chat({ model, reasoning_effort }))['reasoning_effort']).toBe(reasoning_effort);
    }
    expect(failure(chat({ model, reasoning_effort: 'medium' }))).toEqual({
      code: 'invalid_value',
      param: 'reasoning_effort',
      message: 'reasoning_effort: expected low or high: step-3.5-flash-2603 takes no other',
    });
    expect(fault(chat({ model, reasoning: { effort: 'medium' } }))).toEqual([
      'invalid_value',
      'reasoning.effort',
    ]);
    for (const other of ['step-3.7-flash', 'step-3.5-flash', 'a-new-one']) {
      expect(sent(chat({ model: other, reasoning_effort: 'medium' }))['reasoning_effort']).toBe('medium');
    }
  });

  it('top_logprobs needs logprobs, stream_options a stream', () => {
    expect(fault(chat({ top_logprobs: 5 }))).toEqual(['invalid_value', 'top_logprobs']);
    expect(fault(chat({ top_logprobs: 0, logprobs: false }))).toEqual(['invalid_value', 'top_logprobs']);
    expect(fault(chat({ stream_options: {} }))).toEqual(['invalid_value', 'stream_options']);
    expect(fault(chat({ stream_options: {}, stream: false }))).toEqual(['invalid_value', 'stream_options']);
  });
});
