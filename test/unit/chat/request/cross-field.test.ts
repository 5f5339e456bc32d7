// Checks that involve several fields, or a field and the model.

import { describe, expect, it } from 'vitest';
import { MODELS } from '../../../../src/upstream/models.ts';
import {
  calling,
  chat,
  failure,
  fault,
  type Json,
  parse,
  PIXEL,
  sent,
  tool,
  withMessages,
} from './support.ts';

const answer = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'a' });

describe('tool messages', () => {
  it('answer a call of an earlier assistant message', () => {
    expect(sent(withMessages(calling('1', '2'), answer('2'), answer('1')))['messages']).toHaveLength(3);
    expect(fault(withMessages(calling('1'), answer('2')))).toEqual([
      'invalid_value',
      'messages[1].tool_call_id',
    ]);
    expect(fault(withMessages(answer('1'), calling('1')))).toEqual([
      'invalid_value',
      'messages[0].tool_call_id',
    ]);
  });
  it('without a call are 21 issues at most', () => {
    const messages = Array.from({ length: 5_000 }, () => answer('1'));
    expect(failure(withMessages(...messages)).message.split('; ')).toHaveLength(21);
  });
});

describe('tool_choice', () => {
  const choose = (name: string) => ({ type: 'function', function: { name } });

  it('names a function of tools', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(sent(chat({ tools, tool_choice: choose('f') }))['tool_choice']).toEqual(choose('f'));
    const at = 'tool_choice.function.name';
    expect(fault(chat({ tools, tool_choice: choose('g') }))).toEqual(['invalid_value', at]);
    expect(fault(chat({ tool_choice: choose('f') }))).toEqual(['invalid_value', at]);
    const search = [{ type: 'web_search', function: { name: 'f' } }];
    expect(fault(chat({ tools: search, tool_choice: choose('f') }))).toEqual(['invalid_value', at]);
  });
  it('required needs tools', () => {
    expect(sent(chat({ tools: [tool('f')], tool_choice: 'required' }))['tool_choice']).toBe('required');
    expect(fault(chat({ tool_choice: 'required' }))).toEqual(['invalid_value', 'tool_choice']);
    expect(fault(chat({ tools: [], tool_choice: 'required' }))).toEqual(['invalid_value', 'tool_choice']);
  });
});

describe('other pairs of fields', () => {
  it('max_tokens and max_completion_tokens are equal', () => {
    expect(parse(chat({ max_tokens: 5, max_completion_tokens: 5 })).maxTokens).toBe(5);
    expect(parse(chat({ max_tokens: 5, max_completion_tokens: null })).maxTokens).toBe(5);
    const two = chat({ max_tokens: 5, max_completion_tokens: 6 });
    expect(fault(two)).toEqual(['invalid_value', 'max_completion_tokens']);
  });
  it('top_logprobs needs logprobs', () => {
    expect(fault(chat({ top_logprobs: 5 }))).toEqual(['invalid_value', 'top_logprobs']);
    expect(fault(chat({ top_logprobs: 0, logprobs: false }))).toEqual(['invalid_value', 'top_logprobs']);
  });
});

describe('media', () => {
  const PARTS: Readonly<Record<string, Json>> = {
    image: { type: 'image_url', image_url: { url: 'https://a.example/a.png' } },
    video: { type: 'video_url', video_url: { url: 'https://a.example/a.mp4' } },
    audio: { type: 'input_audio', input_audio: { data: `data:audio/wav;base64,${PIXEL}` } },
    'image file': { type: 'file', file: { file_data: `data:image/png;base64,${PIXEL}` } },
  };
  const text = { type: 'text', text: 'a' };
  const body = (model: string, part: Json) =>
    chat({
      model,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: [text, part] },
      ],
    });

  it.each(MODELS.map(({ id, inputs }) => [id, inputs] as const))(
    'of %s are accepted: %s',
    (model, inputs) => {
      for (const [kind, part] of Object.entries(PARTS)) {
        const isRead = inputs.some((input) => kind.startsWith(input));
        if (isRead) expect(parse(body(model, part)).model).toBe(model);
        else expect(fault(body(model, part))).toEqual(['invalid_value', 'messages[1].content[1]']);
      }
    },
  );
  it('are accepted for a model that is not known', () => {
    for (const part of Object.values(PARTS)) expect(parse(body('step-9', part)).model).toBe('step-9');
  });
  it('are refused with the models that read them', () => {
    const { message } = failure(body('step-3.5-flash', PARTS['video'] ?? {}));
    expect(message).toBe(
      'messages[1].content[1]: step-3.5-flash takes no video input: use step-5-preview, step-3.7-flash, step-1o-turbo-vision',
    );
    expect(failure(body('step-3.7-flash', PARTS['audio'] ?? {})).message).toContain('stepaudio-2.5-chat');
  });
});
