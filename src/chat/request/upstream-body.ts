// How a checked request is put to StepFun, and the canonical form that the cache's
// key is made of. Both are written from the parsed value, never from the client's
// text: what StepFun reads is what was checked, duplicate keys died in JSON.parse.
//
// One layout serves both:
//   {"model":…,"messages":[…]      the head: one form for all spellings
//    ,"tools":…,"seed":…           what else decides the answer
//    ,"temperature":0.5,"stream":true}   what doesn't: defaults spelled out, the way back
// The canonical form is the first two parts, the second with sorted keys. It is
// unambiguous, being a JSON object but for its closing brace. What goes to StepFun
// keeps the client's order of keys in schemas, which models heed.
// (Long payloads of media take a way of their own: request-cut.ts.)

import type { ContentPart, Message } from './messages.ts';
import { type ChatBody, FIELDS } from './fields.ts';

type Fields = Record<string, unknown>;

/** StepFun's request beside model and messages. */
export interface AnswerFields {
  /** What decides the answer. */
  readonly deciding: Fields;
  /** What doesn't: StepFun's own defaults, spelled out by the client. */
  readonly defaults: Fields;
}

/** StepFun's page: an absent field and this value are the same request. */
const DEFAULTS: Fields = { temperature: 0.5, top_p: 0.9, n: 1, frequency_penalty: 0 };

/** Sent on as they are, unless they are null. */
const PASSED_ON = [
  'tool_choice',
  'parallel_tool_calls',
  'temperature',
  'top_p',
  'n',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'logprobs',
  'top_logprobs',
  'modalities',
  'audio',
] as const;

/** @returns the request's JSON up to its messages, without a closing brace. */
export function headText({ model, messages }: ChatBody): string {
  return JSON.stringify({ model, messages: messages.map(upstreamMessage) }).slice(0, -1);
}

/** @returns the fields after the messages, but for `max_tokens` and `stream`. */
export function answerFields(body: ChatBody, extraParams: ReadonlySet<string>): AnswerFields {
  const deciding: Fields = {};
  const defaults: Fields = {};
  const put = (name: string, value: unknown, byDefault: unknown = DEFAULTS[name]): void => {
    if (value !== undefined && value !== null) (value === byDefault ? defaults : deciding)[name] = value;
  };
  if (body.tools && body.tools.length > 0) put('tools', body.tools.map(upstreamTool));
  if (body.response_format) {
    const format = upstreamFormat(body.response_format);
    put('response_format', format, format.type === 'text' ? format : undefined);
  }
  // A list, though it is one word: the same question has one form.
  if (body.stop && body.stop.length > 0) put('stop', [body.stop].flat());
  put('reasoning_effort', body.reasoning_effort ?? body.reasoning?.effort);
  for (const name of PASSED_ON) put(name, body[name]);
  for (const [name, value] of extraFields(body, extraParams)) deciding[name] = value;
  return { deciding, defaults };
}

/** @returns the fields that only EXTRA_PARAMS lets through, in the order of their names. */
export function extraFields(
  body: ChatBody,
  extraParams: ReadonlySet<string>,
): [name: string, value: unknown][] {
  if (extraParams.size === 0) return [];
  return Object.entries(body)
    .filter(([name]) => extraParams.has(name) && !Object.hasOwn(FIELDS, name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @returns `,"name":value` for each field; those that are undefined are left out. */
export function fieldsText(fields: Fields, write: (value: unknown) => string): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `,${JSON.stringify(name)}:${write(value)}`)
    .join('');
}

/** Every message in one form: known fields in one order, null and aliases resolved. */
function upstreamMessage(message: Message) {
  const name = message.name ?? undefined;
  if (message.role === 'user') {
    const { role, content } = message;
    return { role, content: typeof content === 'string' ? content : content.map(upstreamPart), name };
  }
  if (message.role === 'assistant') {
    return {
      role: message.role,
      // StepFun documents `string | null`, so it is there even beside tool calls alone.
      content: joined(message.content ?? null),
      name,
      reasoning: message.reasoning ?? undefined,
      reasoning_content: message.reasoning_content ?? undefined,
      tool_calls: message.tool_calls?.length ? message.tool_calls.map(upstreamCall) : undefined,
      audio: message.audio ?? undefined,
    };
  }
  const content = joined(message.content);
  return message.role === 'tool'
    ? { role: message.role, content, tool_call_id: message.tool_call_id, name }
    : { role: 'system', content, name };
}

type TextContent = Exclude<Message, { role: 'user' }>['content'];

/** One text of a list of text parts, joined as vLLM does, which serves StepFun's open models. */
function joined(content: NonNullable<TextContent> | null): string | null {
  return Array.isArray(content) ? content.map(({ text }) => text).join('\n') : content;
}

function upstreamPart(part: ContentPart) {
  const { type } = part;
  if (type === 'text') return { type, text: part.text };
  if (type === 'video_url') return { type, video_url: { url: part.video_url.url } };
  if (type === 'image_url') {
    const { url, detail } = part.image_url;
    // `low` is StepFun's default, `auto` OpenAI's way to say "the default".
    return { type, image_url: { url, detail: detail === 'high' ? detail : undefined } };
  }
  const { data, format } = part.input_audio;
  const media = format === 'wav' ? 'wav' : 'mpeg';
  return {
    type,
    input_audio: { data: data.startsWith('data:') ? data : `data:audio/${media};base64,${data}` },
  };
}

type AssistantMessage = Extract<Message, { role: 'assistant' }>;

function upstreamCall({ id, type, function: called }: NonNullable<AssistantMessage['tool_calls']>[number]) {
  return { id, type, function: { name: called.name, arguments: called.arguments } };
}

function upstreamTool(tool: NonNullable<ChatBody['tools']>[number]) {
  if (tool.type !== 'function') return tool;
  const { name, description, parameters, strict } = tool.function;
  return {
    type: tool.type,
    function: {
      name,
      description: description ?? undefined,
      parameters: parameters ?? undefined,
      strict: strict ?? undefined,
    },
  };
}

function upstreamFormat(format: NonNullable<ChatBody['response_format']>) {
  if (format.type !== 'json_schema') return { type: format.type };
  const { name, description, schema, strict } = format.json_schema;
  return {
    type: format.type,
    json_schema: {
      name,
      description: description ?? undefined,
      schema: schema ?? undefined,
      strict: strict ?? undefined,
    },
  };
}
