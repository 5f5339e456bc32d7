// Whether the description and the gateway agree on a request. EXCLUSIONS lists the rules that
// JSON Schema cannot express: there, and only there, the gateway refuses more.
//
// Settings of an operator (MAX_CHOICES, ALLOWED_MODELS, EXTRA_PARAMS, MAX_BODY_BYTES) are not
// part of the API's shape: the settings here have no bounds.

import { GatewayError } from '../../../src/http/errors.ts';
import { JSON_DEPTH_MAX } from '../../../src/config/limits.ts';
import { parse } from '../chat/request/support.ts';
import { lacksInput, type Input } from '../../../src/upstream/models.ts';
import { refusedFields } from '../../../src/chat/request/unknown-fields.ts';
import { componentValidator } from './validator.ts';

export const isDescribed = componentValidator('ChatCompletionRequest');

/** @returns whether parseChatRequest accepts it; an unexpected error fails the test. */
export function isAccepted(body: unknown): boolean {
  try {
    parse(JSON.stringify(body), { maxChoices: Number.MAX_SAFE_INTEGER });
    return true;
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    if (thrown.code !== 'invalid_value' && thrown.code !== 'unknown_parameter') throw thrown;
    return false;
  }
}

/** The rules are applied to requests that match the description. */
interface Described {
  model: string;
  messages: {
    role: string;
    content?: unknown;
    tool_calls?: { id?: string | null }[] | null;
    tool_call_id?: string | null;
  }[];
  max_tokens?: number | null;
  max_completion_tokens?: number | null;
  tools?: { type: string; function?: { name?: string; parameters?: unknown } }[] | null;
  audio?: unknown;
  response_format?: { json_schema?: { schema?: unknown } } | null;
  tool_choice?: string | { function: { name: string } } | null;
}

/** The rules that JSON Schema cannot express. The description of the field has each in words. */
export const EXCLUSIONS: Record<string, (body: Described) => boolean> = {
  'max_completion_tokens is the same as max_tokens': ({ max_tokens: one, max_completion_tokens: other }) =>
    typeof one === 'number' && typeof other === 'number' && one !== other,

  'tool_choice names one of tools': ({ tool_choice: choice, tools }) =>
    typeof choice === 'object' &&
    choice !== null &&
    tools?.some((tool) => tool.type === 'function' && tool.function?.name === choice.function.name) !== true,

  'a tool message answers an earlier call': ({ messages }) => {
    const earlier = (index: number) => messages.slice(0, index).flatMap((one) => one.tool_calls ?? []);
    const openCalls = (index: number) =>
      earlier(index).filter(({ id }) => !id).length -
      messages.slice(0, index).filter(({ role, tool_call_id: id }) => role === 'tool' && !id).length;
    return messages.some(
      ({ role, tool_call_id: id }, index) =>
        role === 'tool' && (id ? !earlier(index).some((call) => call.id === id) : openCalls(index) < 1),
    );
  },

  'a model reads the media': ({ model, messages }) =>
    messages.some(({ content }) =>
      partsOf(content).some(({ type }) => lacksInput(model, INPUTS[type] ?? 'text')),
    ),

  'a field is not misspelt': (body) =>
    refusedFields({ ...body }, { extraParams: new Set(), unknownParams: 'ignore' }).length > 0,

  'free-form parts nest so many levels': ({ audio, tools, response_format }) =>
    // Their depth counts from themselves: a tool's from its parameters, or from a tool of StepFun.
    [
      audio,
      ...(tools ?? []).map((tool) => (tool.type === 'function' ? tool.function?.parameters : tool)),
      response_format?.json_schema?.schema,
    ].some((value) => isDeep(value)),

  'a remote address is a URL': ({ messages }) =>
    messages.some(({ content }) => remoteAddresses(content).some((url) => !URL.canParse(url))),
};

export function excluded(body: unknown): string[] {
  return Object.keys(EXCLUSIONS).filter((name) => EXCLUSIONS[name]?.(body as Described));
}

function isDeep(value: unknown, levels = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels >= JSON_DEPTH_MAX || Object.values(value).some((item) => isDeep(item, levels + 1));
}

const INPUTS: Readonly<Record<string, Input>> = {
  image_url: 'image',
  file: 'image',
  video_url: 'video',
  input_audio: 'audio',
};

interface Part {
  readonly type: string;
  readonly image_url?: { url: string };
  readonly video_url?: { url: string };
}

function partsOf(content: unknown): Part[] {
  return Array.isArray(content) ? (content as Part[]) : [];
}

function remoteAddresses(content: unknown): string[] {
  return partsOf(content).flatMap((part) => {
    const url = part.image_url?.url ?? part.video_url?.url;
    return url === undefined || url.startsWith('data:') ? [] : [url];
  });
}

/** @returns whether both accept it; if only one does, the test fails. */
export function agrees(given: unknown): boolean {
  const body: unknown = JSON.parse(JSON.stringify(given));
  const expected = isDescribed(body) && excluded(body).length === 0;
  if (isAccepted(body) === expected) return expected;
  throw new Error(`The gateway ${expected ? 'refuses' : 'accepts'}: ${JSON.stringify(body).slice(0, 2_000)}`);
}
