// Bodies as real clients send them: each is accepted, StepFun gets what it documents, and
// the answer names what was left out or changed.

import { describe, expect, it } from 'vitest';
import { type Json, parse, PIXEL, sent } from './support.ts';

const PNG = `data:image/png;base64,${PIXEL}`;
const hello = { role: 'user', content: 'Hello' };
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather = { type: 'function', function: { name: 'get_weather', parameters } };
const call = {
  id: 'call_1',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
};
const caller = { role: 'assistant', content: null, tool_calls: [call] };
const answer = { role: 'tool', tool_call_id: 'call_1', content: 'Rain' };
const ephemeral = { cache_control: { type: 'ephemeral' } };

interface Client {
  readonly body: Json;
  readonly sent: Json;
  readonly ignored?: readonly string[];
  readonly adjusted?: readonly string[];
}

const CLIENTS: Readonly<Record<string, Client>> = {
  'openai-node, .stream() with tools and history': {
    body: {
      model: 'step-3.7-flash',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        hello,
        { ...caller, refusal: null, annotations: [], parsed: null },
        answer,
      ],
      tools: [{ type: 'function', function: { ...weather.function, strict: true } }],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      max_completion_tokens: 256,
      stream: true,
      stream_options: { include_usage: true },
      store: false,
      metadata: { app: 'a' },
      user: 'u-1',
    },
    sent: {
      model: 'step-3.7-flash',
      messages: [{ role: 'system', content: 'Be brief.' }, hello, caller, answer],
      tools: [{ type: 'function', function: { ...weather.function, strict: true } }],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      max_tokens: 256,
      stream: true,
    },
    ignored: ['store', 'metadata', 'user'],
  },
  'openai-python, extra_body unpacked': {
    body: {
      model: 'step-3.5-flash',
      messages: [hello],
      frequency_penalty: -0.5,
      logit_bias: {},
      top_k: 40,
      chat_template_kwargs: { enable_thinking: false },
    },
    sent: { model: 'step-3.5-flash', messages: [hello], frequency_penalty: -0.5 },
    ignored: ['logit_bias', 'top_k', 'chat_template_kwargs'],
  },
  'LangChain ChatOpenAI': {
    body: {
      model: 'step-3.5-flash',
      temperature: 0.7,
      top_p: null,
      frequency_penalty: null,
      presence_penalty: null,
      n: 1,
      logit_bias: null,
      stop: null,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'You help.' },
        { ...hello, name: null },
      ],
    },
    sent: {
      model: 'step-3.5-flash',
      messages: [{ role: 'system', content: 'You help.' }, hello],
      temperature: 0.7,
      n: 1,
      stream: true,
    },
  },
  'LangChain ChatDeepSeek, bound tools in history': {
    body: {
      model: 'step-3.5-flash',
      messages: [
        hello,
        { ...caller, content: '', reasoning_content: 'Hm' },
        { ...answer, name: 'get_weather' },
      ],
      tools: [weather],
    },
    sent: {
      model: 'step-3.5-flash',
      messages: [
        hello,
        { role: 'assistant', content: '', reasoning_content: 'Hm', tool_calls: [call] },
        { ...answer, name: 'get_weather' },
      ],
      tools: [weather],
    },
  },
  'AI SDK, openai provider': {
    body: {
      model: 'step-3.7-flash',
      messages: [
        { role: 'system', content: 'You help.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: PNG, detail: 'auto' } },
          ],
        },
      ],
      reasoning_effort: 'minimal',
      verbosity: 'low',
      prompt_cache_key: 'a',
      safety_identifier: 'b',
      service_tier: 'auto',
    },
    sent: {
      model: 'step-3.7-flash',
      messages: [
        { role: 'system', content: 'You help.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: PNG } },
          ],
        },
      ],
      reasoning_effort: 'low',
    },
    ignored: ['verbosity', 'prompt_cache_key', 'safety_identifier', 'service_tier'],
    adjusted: ['reasoning_effort=low'],
  },
  'AI SDK, openai-compatible provider with provider options': {
    body: {
      model: 'step-3.5-flash',
      messages: [{ ...hello, ...ephemeral }],
      promptCacheKey: 'a',
      reasoningSummary: 'auto',
      tools: [{ ...weather, ...ephemeral }],
      tool_choice: 'required',
      response_format: { type: 'json_object' },
    },
    sent: {
      model: 'step-3.5-flash',
      messages: [hello],
      tools: [weather],
      tool_choice: 'required',
      response_format: { type: 'json_object' },
    },
    ignored: ['messages[].cache_control', 'promptCacheKey', 'reasoningSummary', 'tools[].cache_control'],
  },
  'LiteLLM, history of an Anthropic model': {
    body: {
      model: 'step-3.5-flash',
      messages: [
        hello,
        {
          ...caller,
          thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 's' }],
          provider_specific_fields: { refusal: null },
          images: [],
          function_call: null,
          audio: null,
          tool_calls: [{ ...call, index: 0, provider_specific_fields: {} }],
        },
        { ...answer, ...ephemeral },
      ],
      drop_params: true,
      num_retries: 2,
      cache: { 'no-cache': true },
    },
    sent: { model: 'step-3.5-flash', messages: [hello, caller, answer] },
    ignored: [
      'messages[].thinking_blocks',
      'messages[].provider_specific_fields',
      'messages[].images',
      'messages[].tool_calls[].provider_specific_fields',
      'messages[].cache_control',
      'drop_params',
      'num_retries',
      'cache',
    ],
  },
  Cline: {
    body: {
      model: 'step-3.7-flash',
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'You edit.', ...ephemeral }] },
        { role: 'user', content: [{ type: 'text', text: 'Hello', ...ephemeral }] },
      ],
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
      include_reasoning: true,
      thinking: { type: 'enabled', budget_tokens: 1024 },
    },
    sent: {
      model: 'step-3.7-flash',
      messages: [
        { role: 'system', content: 'You edit.' },
        { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      ],
      temperature: 0,
      stream: true,
    },
    ignored: ['messages[].content[].cache_control', 'thinking'],
  },
  opencode: {
    body: {
      model: 'step-3.5-flash-2603',
      messages: [
        { ...hello, ...ephemeral, copilot_cache_control: { type: 'ephemeral' } },
        { ...caller, ...ephemeral, reasoning_text: 'Hm' },
        { ...answer, ...ephemeral },
      ],
      reasoning_effort: 'xhigh',
      tools: [weather],
    },
    sent: {
      model: 'step-3.5-flash-2603',
      messages: [hello, caller, answer],
      tools: [weather],
      reasoning_effort: 'high',
    },
    ignored: ['messages[].cache_control', 'messages[].copilot_cache_control', 'messages[].reasoning_text'],
    adjusted: ['reasoning_effort=high'],
  },
  'VS Code Copilot, own key': {
    body: {
      model: 'step-3.7-flash',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hello' },
            { type: 'image_url', image_url: { url: PNG, media_type: 'image/png' } },
          ],
          copilot_cache_control: { type: 'ephemeral' },
        },
      ],
      tools: [{ type: 'function', function: { ...weather.function, description: '' } }],
      n: 1,
      top_p: 1,
      temperature: 0.1,
      max_tokens: 16_384,
      stream: true,
      snippy: { enabled: false },
      intent: true,
      intent_threshold: 0.7,
    },
    sent: {
      model: 'step-3.7-flash',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hello' },
            { type: 'image_url', image_url: { url: PNG } },
          ],
        },
      ],
      tools: [{ type: 'function', function: { ...weather.function, description: '' } }],
      n: 1,
      top_p: 1,
      temperature: 0.1,
      max_tokens: 16_384,
      stream: true,
    },
    ignored: [
      'messages[].content[].image_url.media_type',
      'messages[].copilot_cache_control',
      'snippy',
      'intent',
      'intent_threshold',
    ],
  },
  'OpenRouter SDK': {
    body: {
      model: 'step-5-preview',
      models: ['step-5-preview', 'step-3.7-flash'],
      messages: [
        { role: 'user', content: [{ type: 'file', file: { filename: 'a.png', file_data: PNG } }] },
        { role: 'assistant', content: 'A dot.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }] },
        hello,
      ],
      reasoning: { effort: 'none', exclude: true, max_tokens: 100 },
      provider: { sort: 'price' },
      plugins: [],
      usage: { include: true },
      route: 'fallback',
      transforms: ['middle-out'],
    },
    sent: {
      model: 'step-5-preview',
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: PNG } }] },
        { role: 'assistant', content: 'A dot.' },
        hello,
      ],
      reasoning_effort: 'low',
    },
    ignored: ['models', 'reasoning.max_tokens', 'provider', 'plugins', 'usage', 'route', 'transforms'],
    adjusted: ['reasoning_effort=low'],
  },
  'Gemini compatibility layer, history of calls': {
    body: {
      model: 'step-3.5-flash',
      messages: [
        hello,
        { ...caller, tool_calls: [{ ...call, extra_content: { google: { thought_signature: 's' } } }] },
        answer,
      ],
    },
    sent: { model: 'step-3.5-flash', messages: [hello, caller, answer] },
    ignored: ['messages[].tool_calls[].extra_content'],
  },
  'pydantic, JSON Schema with null keywords': {
    body: {
      model: 'step-3.5-flash',
      messages: [hello],
      tools: [
        {
          type: 'function',
          function: { name: 'f', parameters: { ...parameters, description: null, title: null } },
        },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'Answer', strict: true, schema: { ...parameters, $defs: null } },
      },
    },
    sent: {
      model: 'step-3.5-flash',
      messages: [hello],
      tools: [{ type: 'function', function: { name: 'f', parameters } }],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'Answer', schema: parameters, strict: true },
      },
    },
  },
  'Qwen and DashScope clients': {
    body: {
      model: 'step-3.5-flash',
      messages: [hello],
      enable_thinking: true,
      thinking_budget: 1024,
      incremental_output: true,
      enable_search: false,
      result_format: 'message',
      repetition_penalty: 1.05,
    },
    sent: { model: 'step-3.5-flash', messages: [hello] },
    ignored: [
      'enable_thinking',
      'thinking_budget',
      'incremental_output',
      'enable_search',
      'result_format',
      'repetition_penalty',
    ],
  },
  'Groq SDK': {
    body: {
      model: 'step-3.5-flash',
      messages: [hello],
      reasoning_format: 'parsed',
      compound_custom: null,
      citation_options: 'enabled',
    },
    sent: { model: 'step-3.5-flash', messages: [hello] },
    ignored: ['citation_options'],
    adjusted: ['reasoning_format=general'],
  },
  'Open WebUI': {
    body: {
      model: 'step-3.5-flash',
      messages: [hello],
      stream: true,
      session_id: 's',
      chat_id: 'c',
      background_tasks: { title_generation: true },
      num_ctx: 8192,
      min_p: 0.05,
    },
    sent: { model: 'step-3.5-flash', messages: [hello], stream: true },
    ignored: ['session_id', 'chat_id', 'background_tasks', 'num_ctx', 'min_p'],
  },
};

describe('bodies of clients', () => {
  it.each(Object.entries(CLIENTS))('%s', (_, { body, sent: expected, ignored = [], adjusted = [] }) => {
    expect(sent(body)).toEqual(expected);
    const { ignoredParams, adjustedParams } = parse(body);
    expect([...ignoredParams].sort()).toEqual([...ignored].sort());
    expect(adjustedParams).toEqual(adjusted);
  });
});
