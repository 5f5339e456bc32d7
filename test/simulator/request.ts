// A request as StepFun documents it, checked as a real API would: ranges and enums
// of what is documented; what is not documented is ignored. A gateway that lets a
// wrong value through is seen by its 400.

import { flag, given, integer, list, number, object, oneOf, reject, text } from './check.ts';
import type { Fields } from './check.ts';
import { ApiError } from './errors.ts';
import { parseMessages } from './messages.ts';
import type { Message } from './messages.ts';
import { effortsOf, findModel } from './models.ts';

/** A bound on the work of one request; StepFun names none ("no hard max"). */
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
  /** A tool's name, or one of the three words. */
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly parallelToolCalls: boolean;
  /** Infinity: StepFun's default. */
  readonly maxTokens: number;
  readonly n: number;
  readonly stream: boolean;
  readonly stop: readonly string[];
  readonly format: Format;
  /** The name that reasoning travels under. */
  readonly reasoningField: 'reasoning' | 'reasoning_content';
  readonly effort: 'low' | 'medium' | 'high';
}

/**
 * @param body - the request's JSON, parsed.
 * @throws {ApiError} 400 for a wrong value, 404 for a model that is not there.
 */
export function parseRequest(body: Fields): ChatRequest {
  const model = text(body['model'], 'model');
  if (findModel(model) === undefined) {
    throw new ApiError(404, `model ${model} does not exist or you have no access to it`, {
      type: 'model_not_found',
    });
  }
  checkSampling(body);
  const tools = given(body['tools']) ? list(body['tools'], 'tools').flatMap(parseTool) : [];
  return {
    model,
    messages: parseMessages(body['messages']),
    tools,
    toolChoice: parseToolChoice(body['tool_choice'], tools),
    parallelToolCalls: flag(body['parallel_tool_calls'], 'parallel_tool_calls', true),
    maxTokens: given(body['max_tokens'])
      ? integer(body['max_tokens'], 'max_tokens', 1, Number.MAX_SAFE_INTEGER)
      : Infinity,
    n: given(body['n']) ? integer(body['n'], 'n', 1, CHOICES_MAX) : 1,
    stream: flag(body['stream'], 'stream', false),
    stop: parseStop(body['stop']),
    format: parseFormat(body['response_format']),
    reasoningField:
      given(body['reasoning_format']) &&
      oneOf(body['reasoning_format'], 'reasoning_format', ['general', 'deepseek-style']) === 'deepseek-style'
        ? 'reasoning_content'
        : 'reasoning',
    effort: parseEffort(body['reasoning_effort'], model),
  };
}

/** Checked and otherwise without effect: the simulator draws no lots. */
function checkSampling(body: Fields): void {
  if (given(body['temperature'])) number(body['temperature'], 'temperature', 0, 2);
  if (given(body['top_p'])) number(body['top_p'], 'top_p', 0, 1);
  if (given(body['frequency_penalty'])) number(body['frequency_penalty'], 'frequency_penalty', 0, 1);
}

function parseEffort(value: unknown, model: string): ChatRequest['effort'] {
  if (!given(value)) return 'medium';
  const efforts = effortsOf(model);
  return oneOf(
    value,
    'reasoning_effort',
    (['low', 'medium', 'high'] as const).filter((effort) => efforts.includes(effort)),
  );
}

function parseStop(value: unknown): readonly string[] {
  if (!given(value)) return [];
  const stops = typeof value === 'string' ? [value] : list(value, 'stop');
  return stops.map((stop, i) => text(stop, `stop[${i}]`)).filter((stop) => stop !== '');
}

function parseFormat(value: unknown): Format {
  if (!given(value)) return { type: 'text' };
  const format = object(value, 'response_format');
  const type = oneOf(format['type'], 'response_format.type', ['text', 'json_object', 'json_schema']);
  if (type !== 'json_schema') return { type };
  const wrapper = object(format['json_schema'], 'response_format.json_schema');
  return { type, schema: wrapper['schema'] ?? {} };
}

function parseTool(value: unknown, i: number): Tool[] {
  const path = `tools[${i}]`;
  const tool = object(value, path);
  // StepFun serves the other two types itself; there is nothing for a client to call.
  const type = oneOf(tool['type'], `${path}.type`, ['function', 'web_search', 'retrieval']);
  if (type !== 'function') return [];
  const described = object(tool['function'], `${path}.function`);
  const name = text(described['name'], `${path}.function.name`);
  if (!/^[\w-]{1,64}$/.test(name)) reject(`${path}.function.name`, '1 to 64 of A-Z, a-z, 0-9, _ and -');
  const parameters = given(described['parameters'])
    ? object(described['parameters'], `${path}.function.parameters`)
    : { type: 'object', properties: {} };
  const description = given(described['description'])
    ? text(described['description'], `${path}.function.description`)
    : '';
  return [{ name, description, parameters }];
}

function parseToolChoice(value: unknown, tools: readonly Tool[]): ChatRequest['toolChoice'] {
  if (!given(value)) return 'auto';
  if (typeof value === 'string') {
    const choice = oneOf(value, 'tool_choice', ['auto', 'none', 'required']);
    return choice !== 'required' || tools.length > 0 ? choice : reject('tools', 'a function to call');
  }
  const name = text(
    object(object(value, 'tool_choice')['function'], 'tool_choice.function')['name'],
    'tool_choice.function.name',
  );
  return tools.some((tool) => tool.name === name)
    ? { name }
    : reject('tool_choice.function.name', 'the name of a tool');
}
