import { describe, expect, it } from 'vitest';
import {
  buildRequest,
  createAnswer,
  emptyQuestion,
} from '../../../src/playground/playground/conversation.js';
import { toJson, toMarkdown } from '../../../src/playground/playground/export.js';
import { KNOWN_MODELS } from '../../../src/playground/playground/models.js';
import { DEFAULTS } from '../../../src/playground/playground/settings.js';

const QUESTION = { ...emptyQuestion(), text: 'Why?' };
const REQUEST = buildRequest([], QUESTION, DEFAULTS, KNOWN_MODELS[0]);
const ANSWER = createAnswer(REQUEST, 0);
const CHOICE = { ...ANSWER.choices[0]!, reasoning: 'Hm.', content: '**Because**', finishReason: 'stop' };
const CALL = { id: 'c', name: 'f', arguments: '{"a":"```"}' };

describe('toMarkdown', () => {
  it('has questions, reasoning and answers', () => {
    expect(toMarkdown([{ question: QUESTION, answers: [{ ...ANSWER, choices: [CHOICE] }] }])).toBe(
      '## You\n\nWhy?\n\n## step-3.7-flash\n\n<details><summary>Reasoning</summary>\n\nHm.\n\n</details>\n\n**Because**\n',
    );
  });

  it('has choices, tool calls in a fence that they can’t close, and attachments', () => {
    const attachments = [{ type: 'image', name: 'a.png', url: 'data:image/png;base64,AA==' }] as const;
    const choices = [CHOICE, { ...CHOICE, content: '', reasoning: '', toolCalls: [CALL] }];
    const text = toMarkdown([{ question: { ...QUESTION, attachments }, answers: [{ ...ANSWER, choices }] }]);
    expect(text).toContain('*(image: a.png)*\n\nWhy?');
    expect(text).toContain('### Choice 2\n\nCalls `f`:\n\n````json\n{"a":"```"}\n````');
    expect(text).not.toContain('base64');
  });

  it('has the results of tools', () => {
    const question = { ...emptyQuestion(), results: [{ callId: 'c', name: 'f', content: '21' }] };
    expect(toMarkdown([{ question, answers: [] }])).toBe('## You\n\nResult of `f`:\n\n```\n21\n```\n');
  });
});

describe('toJson', () => {
  it('has each request with its choices and usage', () => {
    const usage = { prompt: 1, completion: 2, cached: null };
    const document: unknown = JSON.parse(
      toJson([{ question: QUESTION, answers: [{ ...ANSWER, usage, choices: [CHOICE] }] }]),
    );
    expect(document).toEqual([
      {
        request: REQUEST,
        choices: [{ reasoning: 'Hm.', content: '**Because**', tool_calls: [], finish_reason: 'stop' }],
        usage,
      },
    ]);
  });
});
