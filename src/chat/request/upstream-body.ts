// How a checked request is written for StepFun, and the canonical form that the cache's
// key is made of. Both are written from the checked value, never from the client's
// text: StepFun reads what was checked, and a duplicate key is gone after JSON.parse.
//
// One layout serves both:
//   {"model":…,"messages":[…]      the head: one form for all spellings
//    ,"tools":…,"seed":…           the other fields that decide the answer
//    ,"temperature":0.5,"stream":true}   the fields that don't: defaults, the way back
// The canonical form is the first two parts, the second with sorted keys. It is
// unambiguous: a JSON object without its closing brace. What goes to StepFun keeps the
// client's order of keys in schemas, because models follow that order.

import type { ChatBody } from './fields.ts';
import { withoutNullKeywords } from './json-schema.ts';
import type { ContentPart, Message } from './messages.ts';
import { pairToolCalls, type ToolCallIds } from './tool-call-ids.ts';

type Fields = Record<string, unknown>;

/** StepFun's request beside model and messages. */
export interface AnswerFields {
  /** The fields that decide the answer. */
  readonly deciding: Fields;
  /** StepFun's own defaults, which the client wrote out. */
  readonly defaults: Fields;
}

/** StepFun's page: the absent field and this value are the same request. */
const DEFAULTS: Fields = { temperature: 0.5, top_p: 0.9, n: 1, frequency_penalty: 0 };

/** Sent as they are, unless they are null. */
const PASSED_ON = [
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
  const ids = pairToolCalls(messages).supplied;
  const written = messages.map((message) => upstreamMessage(message, ids));
  return JSON.stringify({ model, messages: written }).slice(0, -1);
}

/**
 * @param effort - the `reasoning_effort` to send.
 * @param extra - fields that EXTRA_PARAMS accepts.
 * @returns the fields after the messages, except `max_tokens` and `stream`.
 */
export function answerFields(body: ChatBody, effort: string | undefined, extra: Fields): AnswerFields {
  const deciding: Fields = {};
  const defaults: Fields = {};
  const put = (name: string, value: unknown, byDefault: unknown = DEFAULTS[name]): void => {
    if (value !== undefined && value !== null) (value === byDefault ? defaults : deciding)[name] = value;
  };
  if (body.tools && body.tools.length > 0) {
    put('tools', body.tools.map(upstreamTool));
    // Without tools these say nothing, and vLLM, which serves StepFun's open models, refuses them.
    put('tool_choice', body.tool_choice && upstreamChoice(body.tool_choice));
    put('parallel_tool_calls', body.parallel_tool_calls);
  }
  if (body.response_format) {
    const format = upstreamFormat(body.response_format);
    put('response_format', format, format.type === 'text' ? format : undefined);
  }
  // Always a list, so that one word has one form.
  if (body.stop && body.stop.length > 0) put('stop', [body.stop].flat());
  put('reasoning_effort', effort);
  for (const name of PASSED_ON) put(name, body[name]);
  return { deciding: Object.assign(deciding, extra), defaults };
}

/** @returns `,"name":value` for each field; those that are undefined are left out. */
export function fieldsText(fields: Fields, write: (value: unknown) => string): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `,${JSON.stringify(name)}:${write(value)}`)
    .join('');
}

/** Every message in one form: known fields in one order, null and aliases resolved. */
function upstreamMessage(message: Message, ids: ToolCallIds['supplied']) {
  const name = message.name ?? undefined;
  if (message.role === 'user') {
    const { role, content } = message;
    return { role, content: typeof content === 'string' ? content : content.map(upstreamPart), name };
  }
  if (message.role === 'assistant') {
    const calls = message.tool_calls ?? [];
    return {
      role: message.role,
      // StepFun documents `string | null`: content is there beside tool calls, too.
      content: joinedText(message.content ?? null),
      name,
      reasoning: message.reasoning ?? undefined,
      reasoning_content: message.reasoning_content ?? undefined,
      tool_calls: calls.length > 0 ? calls.map((call) => upstreamCall(call, ids)) : undefined,
      audio: message.audio?.id ? { id: message.audio.id } : undefined,
    };
  }
  const content = joinedText(message.content);
  return message.role === 'tool'
    ? { role: message.role, content, tool_call_id: ids.get(message), name }
    : { role: 'system', content, name };
}

type TextContent = Exclude<Message, { role: 'user' }>['content'];

/** The text of a list of parts, joined as vLLM does. */
function joinedText(content: NonNullable<TextContent> | null): string | null {
  if (!Array.isArray(content)) return content;
  return content.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join('\n');
}

function upstreamPart(part: ContentPart) {
  const { type } = part;
  if (type === 'text') return { type, text: part.text };
  if (type === 'video_url') return { type, video_url: { url: part.video_url.url } };
  if (type === 'file') return { type: 'image_url', image_url: { url: part.file.file_data } };
  if (type === 'image_url') {
    const { url, detail } = part.image_url;
    // `low` is StepFun's default, `auto` is OpenAI's word for the default.
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
type ToolCall = NonNullable<AssistantMessage['tool_calls']>[number];

function upstreamCall(call: ToolCall, ids: ToolCallIds['supplied']) {
  const { name, arguments: written } = call.function;
  return { id: call.id || ids.get(call), type: call.type, function: { name, arguments: written } };
}

function upstreamTool(tool: NonNullable<ChatBody['tools']>[number]) {
  if (tool.type !== 'function') return tool;
  const { name, description, parameters, strict } = tool.function;
  return {
    type: tool.type,
    function: {
      name,
      description: description ?? undefined,
      parameters: parameters ? withoutNullKeywords(parameters) : undefined,
      strict: strict ?? undefined,
    },
  };
}

function upstreamChoice(choice: NonNullable<ChatBody['tool_choice']>) {
  return typeof choice === 'string'
    ? choice
    : { type: choice.type, function: { name: choice.function.name } };
}

function upstreamFormat(format: NonNullable<ChatBody['response_format']>) {
  if (format.type !== 'json_schema') return { type: format.type };
  const { name, description, schema, strict } = format.json_schema;
  return {
    type: format.type,
    json_schema: {
      name,
      description: description ?? undefined,
      schema: schema ? withoutNullKeywords(schema) : undefined,
      strict: strict ?? undefined,
    },
  };
}
