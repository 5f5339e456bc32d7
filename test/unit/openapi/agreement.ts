// Whether the description and the gateway agree on a request, and where they can't:
// what JSON Schema is not able to say, EXCLUSIONS names. There, and only there, the
// gateway refuses more.
//
// What an operator may set (MAX_CHOICES, ALLOWED_MODELS, EXTRA_PARAMS, MAX_BODY_BYTES)
// is no part of the API's shape: the settings here bound nothing.

import { GatewayError } from '../../../src/http/errors.ts';
import { JSON_DEPTH_MAX } from '../../../src/config/limits.ts';
import { parse } from '../chat/request/support.ts';
import { componentValidator } from './validator.ts';

export const isDescribed = componentValidator('ChatCompletionRequest');

/** Whether parseChatRequest takes it; anything but an error of the contract fails the test. */
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

/** What is looked at here has the described shape already. */
interface Described {
  messages: {
    role: string;
    content?: unknown;
    tool_calls?: { id: string }[] | null;
    tool_call_id?: string;
  }[];
  max_tokens?: number | null;
  max_completion_tokens?: number | null;
  tools?: { type: string; function: { name: string } }[] | null;
  tool_choice?: string | { function: { name: string } } | null;
}

/** What JSON Schema can't say. Each stands in the description of its field, in words. */
export const EXCLUSIONS: Record<string, (body: Described) => boolean> = {
  'max_completion_tokens is the same as max_tokens': ({ max_tokens: one, max_completion_tokens: other }) =>
    typeof one === 'number' && typeof other === 'number' && one !== other,

  'tool_choice names one of tools': ({ tool_choice: choice, tools }) =>
    typeof choice === 'object' &&
    choice !== null &&
    tools?.some((tool) => tool.type === 'function' && tool.function.name === choice.function.name) !== true,

  'a tool message answers an earlier call': ({ messages }) =>
    messages.some(
      ({ role, tool_call_id: id }, index) =>
        role === 'tool' &&
        !messages.slice(0, index).some(({ tool_calls }) => tool_calls?.some((call) => call.id === id)),
    ),

  'free-form parts nest so many levels': (body) => isDeep(body),

  'a remote address is a URL': ({ messages }) =>
    messages.some(({ content }) => remoteAddresses(content).some((url) => !URL.canParse(url))),
};

export function excluded(body: unknown): string[] {
  return Object.keys(EXCLUSIONS).filter((name) => EXCLUSIONS[name]?.(body as Described));
}

/** In the border cases exact for fields of the request itself; below, nothing is made that is near the border. */
function isDeep(value: unknown, levels = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels > JSON_DEPTH_MAX || Object.values(value).some((item) => isDeep(item, levels + 1));
}

function remoteAddresses(content: unknown): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: { image_url?: { url: string }; video_url?: { url: string } }) => {
    const url = part.image_url?.url ?? part.video_url?.url;
    return url === undefined || url.startsWith('data:') ? [] : [url];
  });
}

/** @returns whether both accept it; that one does and the other doesn't fails the test. */
export function agrees(given: unknown): boolean {
  const body: unknown = JSON.parse(JSON.stringify(given));
  const expected = isDescribed(body) && excluded(body).length === 0;
  if (isAccepted(body) === expected) return expected;
  throw new Error(`The gateway ${expected ? 'refuses' : 'accepts'}: ${JSON.stringify(body).slice(0, 2_000)}`);
}
