// Fields of other services: left out without effect, or refused where that would change the answer.

import { describe, expect, it } from 'vitest';
import { FIELDS } from '../../../../src/chat/request/fields.ts';
import {
  BOOKKEEPING_FIELDS,
  isForeignField,
  REFUSED_FIELDS,
} from '../../../../src/chat/request/other-fields.ts';
import { chat, failure, leftOut, sent } from './support.ts';

/** Fields of other services, and names that no service has. */
const FOREIGN =
  'promptCacheKey prompt_cache_options cache_control enable_thinking thinking_budget ' +
  'chat_template_kwargs tool_stream incremental_output top_k min_p top_a ' +
  'repetition_penalty verbosity models min_tokens prompt_logprobs max_new_tokens ' +
  'reasoning_summary stop_sequences plugins num_ctx keep_alive snippy intent ' +
  'reasoningSummary foo x constructor toString hasOwnProperty';

describe('fields of other services', () => {
  it.each([...FOREIGN.split(' '), ...BOOKKEEPING_FIELDS])('are left out at the top level: %s', (name) => {
    expect(leftOut(chat({ [name]: { any: [name] } }), chat())).toEqual([name]);
  });
});

describe('isForeignField', () => {
  it.each(['prompt_cache_key', 'promptCacheKey', 'Prompt-Cache-Key', 'top_k', 'chat_id'])(
    'knows %s, in any spelling',
    (name) => {
      expect(isForeignField(name)).toBe(true);
    },
  );
  // Else a misspelling of such a field would be left out in silence.
  it('knows no field that StepFun takes or that is refused', () => {
    const ours = [...Object.keys(FIELDS), ...REFUSED_FIELDS.keys(), 'maxTokens', 'temprature', ''];
    expect(ours.filter(isForeignField)).toEqual([]);
  });
});

describe('fields whose absence would change the answer', () => {
  it.each<[name: string, value: unknown, advice: string]>([
    ['functions', [{ name: 'f' }], 'use tools'],
    ['function_call', 'auto', 'use tool_choice'],
    ['function_call', { name: 'f' }, 'use tool_choice'],
    ['extra_body', { top_k: 1 }, 'send its fields at the top level'],
    ['web_search_options', { search_context_size: 'low' }, 'EXTRA_PARAMS'],
    ['logit_bias', { '50256': -100 }, 'EXTRA_PARAMS'],
  ])('are refused with advice: %s %j', (name, value, advice) => {
    const { message, ...refusal } = failure(chat({ [name]: value }));
    expect(refusal).toEqual({ code: 'unknown_parameter', param: name });
    expect(message).toContain(advice);
    expect(sent(chat({ [name]: value }), { extraParams: new Set([name]) })).toEqual(chat({ [name]: value }));
  });
  it.each(['functions', 'logit_bias', 'extra_body'])('are left out if they are empty: %s', (name) => {
    for (const empty of [{}, []]) expect(leftOut(chat({ [name]: empty }), chat())).toEqual([name]);
  });
});
