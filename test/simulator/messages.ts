// The conversation of a request: roles, text and media parts, tool calls and the
// answers to them.

import { given, list, object, oneOf, reject, text } from './check.ts';
import type { Fields } from './check.ts';

/** What a data: URL or a base64 field holds. */
interface Data {
  /** The subtype: `png`, `jpeg`, `mp3`. */
  readonly type: string;
  readonly bytes: number;
  readonly base64: string;
}

export interface Media {
  readonly kind: 'image' | 'video' | 'audio';
  /** Where it is to be found; null when it came along. */
  readonly url: string | null;
  /** What came along; null when there is only an address. */
  readonly data: Data | null;
  readonly detail: 'low' | 'high';
}

interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** The text, or all text parts, a line each. */
  readonly text: string;
  readonly media: readonly Media[];
  /** An assistant's tool calls. */
  readonly calls: readonly Call[];
  /** A tool message: the function that answers. */
  readonly toolName: string;
}

const IMAGE = /^data:image\/(jpe?g|png|webp|gif);base64,([A-Za-z0-9+/=\s]*)$/i;
const AUDIO = /^data:audio\/(mpeg|mp3|wav);base64,([A-Za-z0-9+/=\s]*)$/i;

/** @throws {ApiError} 400 with the path of the first wrong value. */
export function parseMessages(value: unknown): readonly Message[] {
  const messages = list(value, 'messages');
  if (messages.length === 0) reject('messages', 'at least one message');
  const names = new Map<string, string>();
  return messages.map((one, i) => {
    const message = parseMessage(object(one, `messages[${i}]`), `messages[${i}]`, names);
    for (const call of message.calls) names.set(call.id, call.name);
    return message;
  });
}

/** @param names - the functions called so far, by call id. */
function parseMessage(message: Fields, path: string, names: ReadonlyMap<string, string>): Message {
  const role = oneOf(message['role'], `${path}.role`, ['system', 'user', 'assistant', 'tool']);
  const calls =
    role === 'assistant' && given(message['tool_calls'])
      ? list(message['tool_calls'], `${path}.tool_calls`).map((call, i) =>
          parseCall(call, `${path}.tool_calls[${i}]`),
        )
      : [];
  let toolName = '';
  if (role === 'tool') {
    const id = text(message['tool_call_id'], `${path}.tool_call_id`);
    toolName = names.get(id) ?? reject(`${path}.tool_call_id`, 'the id of an earlier tool call');
  }
  return { role, calls, toolName, ...parseContent(message['content'], role, `${path}.content`) };
}

function parseContent(content: unknown, role: string, path: string): Pick<Message, 'text' | 'media'> {
  if (typeof content === 'string') return { text: content, media: [] };
  if (!given(content) && role === 'assistant') return { text: '', media: [] };
  if (!Array.isArray(content)) reject(path, role === 'user' ? 'a string or a list of parts' : 'a string');
  const texts: string[] = [];
  const media: Media[] = [];
  list(content, path).forEach((one, i) => {
    const part = parsePart(object(one, `${path}[${i}]`), `${path}[${i}]`);
    if (typeof part === 'string') texts.push(part);
    else media.push(part);
  });
  if (media.length > 0 && role !== 'user') reject(path, 'text');
  return { text: texts.join('\n'), media };
}

function parsePart(part: Fields, path: string): string | Media {
  const type = oneOf(part['type'], `${path}.type`, ['text', 'image_url', 'video_url', 'input_audio']);
  if (type === 'text') return text(part['text'], `${path}.text`);
  const inner = object(part[type], `${path}.${type}`);
  const field = type === 'input_audio' ? 'data' : 'url';
  const source = text(inner[field], `${path}.${type}.${field}`);
  const at = `${path}.${type}.${field}`;
  if (type === 'input_audio') {
    const data = parseData(AUDIO, source) ?? reject(at, 'data:audio/(mpeg|mp3|wav);base64,…');
    return { kind: 'audio', url: null, data, detail: 'low' };
  }
  const data = type === 'image_url' ? parseData(IMAGE, source) : null;
  const detail = given(inner['detail'])
    ? oneOf(inner['detail'], `${path}.${type}.detail`, ['low', 'high'])
    : 'low';
  if (data === null && !(/^https?:\/\//i.test(source) && URL.canParse(source))) {
    reject(at, type === 'image_url' ? 'http(s) or data:image/(jpeg|png|webp|gif);base64,…' : 'http(s)');
  }
  return { kind: type === 'image_url' ? 'image' : 'video', url: data === null ? source : null, data, detail };
}

function parseData(pattern: RegExp, url: string): Data | null {
  const [, type, encoded] = pattern.exec(url) ?? [];
  if (type === undefined || encoded === undefined) return null;
  // `base64` on a command line breaks its output into lines (StepFun's own example).
  const base64 = encoded.replace(/\s+/g, '');
  return { type: type.toLowerCase(), bytes: Math.floor((base64.replace(/=+$/, '').length * 3) / 4), base64 };
}

function parseCall(value: unknown, path: string): Call {
  const call = object(value, path);
  const called = object(call['function'], `${path}.function`);
  return {
    id: text(call['id'], `${path}.id`),
    name: text(called['name'], `${path}.function.name`),
    arguments: given(called['arguments'])
      ? text(called['arguments'], `${path}.function.arguments`)
      : reject(`${path}.function.arguments`, 'a string'),
  };
}
