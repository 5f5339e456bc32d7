// The messages of a request: roles, text and media parts, tool calls and tool results.

import { isPresent, parseEnum, parseList, parseObject, parseString, reject } from './check.ts';
import type { Fields } from './check.ts';
import { ApiError } from './errors.ts';
import type { MediaKind } from './models.ts';

/** The content of a data: URL or a base64 field. */
interface Data {
  /** The subtype: `png`, `jpeg`, `mp3`. */
  readonly type: string;
  readonly bytes: number;
  readonly base64: string;
}

export interface Media {
  readonly kind: MediaKind;
  /** Its address; null if the request contains the data. */
  readonly url: string | null;
  /** null: the request contains an address only. */
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
  /** The text, or all text parts, one line each. */
  readonly text: string;
  readonly media: readonly Media[];
  /** An assistant's tool calls. */
  readonly calls: readonly Call[];
  /** In a tool message, the function whose result it is. */
  readonly toolName: string;
}

const IMAGE = /^data:image\/(jpe?g|png|webp|gif);base64,([A-Za-z0-9+/=\s]*)$/i;
const AUDIO = /^data:audio\/(mpeg|mp3|wav);base64,([A-Za-z0-9+/=\s]*)$/i;

/** StepFun names no number; this one is invented. */
const IMAGES_MAX = 50;

/**
 * @param media - what the model reads beside text.
 * @throws {ApiError} 400 with the path of the first wrong value.
 */
export function parseMessages(value: unknown, media: readonly MediaKind[]): readonly Message[] {
  const messages = parseList(value, 'messages');
  if (messages.length === 0) reject('messages', 'at least one message');
  const names = new Map<string, string>();
  const parsed = messages.map((one, i) => {
    const message = parseMessage(parseObject(one, `messages[${i}]`), `messages[${i}]`, names);
    for (const call of message.calls) names.set(call.id, call.name);
    return message;
  });
  checkMedia(
    parsed.flatMap((message) => message.media),
    media,
  );
  return parsed;
}

function checkMedia(sent: readonly Media[], read: readonly MediaKind[]): void {
  const unread = sent.find(({ kind }) => !read.includes(kind));
  if (unread !== undefined) {
    throw new ApiError(400, `The model does not support ${unread.kind} input.`, {
      type: 'unsupported_content_type',
    });
  }
  const images = sent.filter(({ kind }) => kind === 'image').length;
  if (images > IMAGES_MAX) {
    throw new ApiError(400, `Too many images: ${images}, at most ${IMAGES_MAX} are allowed.`, {
      type: 'images_too_many',
    });
  }
}

/** @param names - the functions called so far, by call id. */
function parseMessage(message: Fields, path: string, names: ReadonlyMap<string, string>): Message {
  const role = parseEnum(message['role'], `${path}.role`, ['system', 'user', 'assistant', 'tool']);
  const calls =
    role === 'assistant' && isPresent(message['tool_calls'])
      ? parseList(message['tool_calls'], `${path}.tool_calls`).map((call, i) =>
          parseCall(call, `${path}.tool_calls[${i}]`),
        )
      : [];
  let toolName = '';
  if (role === 'tool') {
    const id = parseString(message['tool_call_id'], `${path}.tool_call_id`);
    toolName = names.get(id) ?? reject(`${path}.tool_call_id`, 'the id of an earlier tool call');
  }
  return { role, calls, toolName, ...parseContent(message['content'], role, `${path}.content`) };
}

function parseContent(content: unknown, role: string, path: string): Pick<Message, 'text' | 'media'> {
  if (typeof content === 'string') return { text: content, media: [] };
  if (!isPresent(content) && role === 'assistant') return { text: '', media: [] };
  if (!Array.isArray(content)) reject(path, role === 'user' ? 'a string or a list of parts' : 'a string');
  const texts: string[] = [];
  const media: Media[] = [];
  parseList(content, path).forEach((one, i) => {
    const part = parsePart(parseObject(one, `${path}[${i}]`), `${path}[${i}]`);
    if (typeof part === 'string') texts.push(part);
    else media.push(part);
  });
  if (media.length > 0 && role !== 'user') reject(path, 'text');
  return { text: texts.join('\n'), media };
}

function parsePart(part: Fields, path: string): string | Media {
  const type = parseEnum(part['type'], `${path}.type`, ['text', 'image_url', 'video_url', 'input_audio']);
  if (type === 'text') return parseString(part['text'], `${path}.text`);
  const inner = parseObject(part[type], `${path}.${type}`);
  const field = type === 'input_audio' ? 'data' : 'url';
  const source = parseString(inner[field], `${path}.${type}.${field}`);
  const at = `${path}.${type}.${field}`;
  if (type === 'input_audio') {
    const data = parseData(AUDIO, source) ?? reject(at, 'data:audio/(mpeg|mp3|wav);base64,…');
    return { kind: 'audio', url: null, data, detail: 'low' };
  }
  const data = type === 'image_url' ? parseData(IMAGE, source) : null;
  const detail = isPresent(inner['detail'])
    ? parseEnum(inner['detail'], `${path}.${type}.detail`, ['low', 'high'])
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
  const call = parseObject(value, path);
  const called = parseObject(call['function'], `${path}.function`);
  return {
    id: parseString(call['id'], `${path}.id`),
    name: parseString(called['name'], `${path}.function.name`),
    arguments: isPresent(called['arguments'])
      ? parseString(called['arguments'], `${path}.function.arguments`)
      : reject(`${path}.function.arguments`, 'a string'),
  };
}
