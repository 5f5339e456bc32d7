// A request as StepFun documents it. The ranges and enums of documented fields are checked, as the service
// does; unknown fields are ignored. A gateway that lets a wrong value through gets a 400 here.

import {
  isPresent,
  parseBoolean,
  parseEnum,
  parseInteger,
  parseList,
  parseNumber,
  parseObject,
  parseString,
  reject,
} from './check.ts';
import type { Fields } from './check.ts';
import { ApiError } from './errors.ts';
import { AUDIO_FORMATS } from './audio.ts';
import type { AudioFormat } from './audio.ts';
import { parseMessages } from './messages.ts';
import type { Message } from './messages.ts';
import { findModel, isRetired } from './models.ts';
import type { Effort } from './models.ts';

/** Bounds the work of one request; StepFun sets no limit ("no hard max"). */
const CHOICES_MAX = 128;

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: unknown;
}

export type Format =
  | { readonly type: 'text' | 'json_object' }
  | { readonly type: 'json_schema'; readonly schema: unknown };

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  /** A mode, or the name of the tool to call. */
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly parallelToolCalls: boolean;
  /** Infinity: StepFun's default. */
  readonly maxTokens: number;
  readonly n: number;
  readonly stream: boolean;
  readonly stop: readonly string[];
  readonly format: Format;
  /** `reasoning_format` as it was sent; null: not sent. */
  readonly reasoningFormat: 'general' | 'deepseek-style' | null;
  /** null: the model does not reason. */
  readonly effort: Effort | null;
  /** The format of the answer's sound; null: text only. */
  readonly audio: AudioFormat | null;
}

/**
 * @param body - the request's JSON, parsed.
 * @param hasPlan - whether it came in under `/step_plan/v1`.
 * @throws {ApiError} 400 for a wrong value or a retired model, 404 for an unknown model.
 */
export function parseRequest(body: Fields, hasPlan: boolean): ChatRequest {
  const model = parseString(body['model'], 'model');
  const spec = findModel(model, hasPlan);
  if (spec === undefined) {
    // StepFun documents 400 ("does not exist or is not allowed"); 404 was seen. Each has its case here.
    throw isRetired(model)
      ? new ApiError(400, `The model ${model} does not exist or is not allowed.`)
      : new ApiError(404, `The model ${model} does not exist or you do not have access to it.`);
  }
  checkSampling(body);
  const tools = isPresent(body['tools']) ? parseList(body['tools'], 'tools').flatMap(parseTool) : [];
  return {
    model,
    messages: parseMessages(body['messages'], spec.media),
    tools,
    toolChoice: parseToolChoice(body['tool_choice'], tools),
    parallelToolCalls: parseBoolean(body['parallel_tool_calls'], 'parallel_tool_calls', true),
    maxTokens: isPresent(body['max_tokens'])
      ? parseInteger(body['max_tokens'], 'max_tokens', 1, Number.MAX_SAFE_INTEGER)
      : Infinity,
    n: isPresent(body['n']) ? parseInteger(body['n'], 'n', 1, CHOICES_MAX) : 1,
    stream: parseBoolean(body['stream'], 'stream', false),
    stop: parseStop(body['stop']),
    format: parseFormat(body['response_format']),
    reasoningFormat: isPresent(body['reasoning_format'])
      ? parseEnum(body['reasoning_format'], 'reasoning_format', ['general', 'deepseek-style'] as const)
      : null,
    effort: parseEffort(body['reasoning_effort'], spec.efforts),
    audio: parseAudio(body, spec.speaks === true),
  };
}

/** The values are checked and have no effect: the simulator does not sample. */
function checkSampling(body: Fields): void {
  if (isPresent(body['temperature'])) parseNumber(body['temperature'], 'temperature', 0, 2);
  if (isPresent(body['top_p'])) parseNumber(body['top_p'], 'top_p', 0, 1);
  if (isPresent(body['frequency_penalty']))
    parseNumber(body['frequency_penalty'], 'frequency_penalty', -2, 2);
}

function parseEffort(value: unknown, efforts: readonly Effort[]): Effort | null {
  if (efforts.length === 0) return null;
  return isPresent(value) ? parseEnum(value, 'reasoning_effort', efforts) : 'medium';
}

function parseAudio(body: Fields, canSpeak: boolean): AudioFormat | null {
  if (!isPresent(body['modalities'])) return null;
  const modalities = parseList(body['modalities'], 'modalities').map((one, i) =>
    parseEnum(one, `modalities[${i}]`, ['text', 'audio']),
  );
  if (!modalities.includes('audio')) return null;
  if (!canSpeak) reject('modalities', 'text only for this model');
  const audio = parseObject(body['audio'], 'audio');
  parseString(audio['voice'], 'audio.voice');
  return isPresent(audio['format']) ? parseEnum(audio['format'], 'audio.format', AUDIO_FORMATS) : 'wav';
}

function parseStop(value: unknown): readonly string[] {
  if (!isPresent(value)) return [];
  const stops = typeof value === 'string' ? [value] : parseList(value, 'stop');
  return stops.map((stop, i) => parseString(stop, `stop[${i}]`)).filter((stop) => stop !== '');
}

function parseFormat(value: unknown): Format {
  if (!isPresent(value)) return { type: 'text' };
  const format = parseObject(value, 'response_format');
  const type = parseEnum(format['type'], 'response_format.type', ['text', 'json_object', 'json_schema']);
  if (type !== 'json_schema') return { type };
  const wrapper = parseObject(format['json_schema'], 'response_format.json_schema');
  if (isPresent(wrapper['name'])) parseString(wrapper['name'], 'response_format.json_schema.name');
  parseBoolean(wrapper['strict'], 'response_format.json_schema.strict', false);
  return { type, schema: parseObject(wrapper['schema'], 'response_format.json_schema.schema') };
}

function parseTool(value: unknown, i: number): Tool[] {
  const path = `tools[${i}]`;
  const tool = parseObject(value, path);
  // StepFun runs the other two types itself: the client has nothing to call.
  const type = parseEnum(tool['type'], `${path}.type`, ['function', 'web_search', 'retrieval']);
  if (type !== 'function') return [];
  const described = parseObject(tool['function'], `${path}.function`);
  const name = parseString(described['name'], `${path}.function.name`);
  if (!/^[\w-]{1,128}$/.test(name)) reject(`${path}.function.name`, '1 to 128 of A-Z, a-z, 0-9, _ and -');
  const parameters = isPresent(described['parameters'])
    ? parseObject(described['parameters'], `${path}.function.parameters`)
    : { type: 'object', properties: {} };
  const description = isPresent(described['description'])
    ? parseString(described['description'], `${path}.function.description`)
    : '';
  return [{ name, description, parameters }];
}

function parseToolChoice(value: unknown, tools: readonly Tool[]): ChatRequest['toolChoice'] {
  if (!isPresent(value)) return 'auto';
  if (typeof value === 'string') {
    const choice = parseEnum(value, 'tool_choice', ['auto', 'none', 'required']);
    return choice !== 'required' || tools.length > 0 ? choice : reject('tools', 'a function to call');
  }
  const name = parseString(
    parseObject(parseObject(value, 'tool_choice')['function'], 'tool_choice.function')['name'],
    'tool_choice.function.name',
  );
  return tools.some((tool) => tool.name === name)
    ? { name }
    : reject('tool_choice.function.name', 'the name of a tool');
}
