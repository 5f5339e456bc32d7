// Random requests: valid ones, and ones with one change that may make them invalid.

import * as fc from 'fast-check';
import type { Json } from './support.ts';

/** Any string that JSON can contain, lone surrogates and parts of JSON among them. */
export const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    maxLength: 6,
  }),
  fc.constantFrom('', '"', '\\', '","role":"user', '\\u0000', ']}', ';base64,QUJD', '\ud800', '\udfff\ud800'),
);

/**
 * A key. Not one character that JSON escapes: after an object with the key "\\", V8 in
 * Node 24 reads any such key as a backslash (the V8 of workerd does not).
 */
const anyKey = anyText.map((text) => (text.length === 1 ? `${text}_` : text));

const filled = anyText.map((text) => text || 'x');
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

/** An object without its undefined members. */
function record(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> {
  return fc
    .record(model)
    .map((whole) => Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined)));
}

export const anyJson = fc.anything({
  key: anyKey,
  values: [
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    anyText,
  ],
  maxDepth: 2,
});

const anyObject = fc.dictionary(anyKey, anyJson, { maxKeys: 3 });

const base64 = fc.base64String({ maxLength: 16 }).map((text) => text || 'QUI=');

const textPart = record({ type: fc.constant('text'), text: anyText });
const imagePart = record({
  type: fc.constant('image_url'),
  image_url: record({
    url: fc.oneof(
      fc.webUrl({ size: 'small' }),
      fc
        .tuple(fc.constantFrom('jpeg', 'jpg', 'png', 'webp', 'gif'), base64)
        .map(([type, data]) => `data:image/${type};base64,${data}`),
    ),
    detail: maybe(fc.constantFrom('low', 'high', 'auto', null)),
  }),
});
const videoPart = fc
  .constantFrom('https://a.example/a.mp4', 'http://a.example/?x')
  .map((url) => ({ type: 'video_url', video_url: { url } }));
const audioPart = fc.oneof(
  base64.map((data) => ({ type: 'input_audio', input_audio: { data, format: 'wav' } })),
  base64.map((data) => ({ type: 'input_audio', input_audio: { data: `data:audio/mp3;base64,${data}` } })),
);

const textContent = fc.oneof(anyText, fc.array(textPart, { minLength: 1, maxLength: 3 }));
const userContent = fc.oneof(
  anyText,
  fc.array(fc.oneof(textPart, imagePart, videoPart, audioPart), { minLength: 1, maxLength: 3 }),
);
const toolCall = (id: string) =>
  record({
    id: fc.constant(id),
    type: fc.constant('function'),
    function: record({ name: filled, arguments: anyText }),
    index: maybe(fc.nat()),
  });

/** One message, or a message that calls tools, with their answers. */
const turn: fc.Arbitrary<Json[]> = fc.oneof(
  record({
    role: fc.constantFrom('system', 'developer'),
    content: textContent,
    name: maybe(anyText),
  }).map((message) => [message]),
  record({ role: fc.constant('user'), content: userContent, name: maybe(anyText) }).map((message) => [
    message,
  ]),
  record({
    role: fc.constant('assistant'),
    content: fc.oneof(textContent, fc.constant(null)),
    reasoning: maybe(fc.option(anyText)),
    reasoning_content: maybe(anyText),
    refusal: maybe(fc.constant(null)),
    tool_calls: maybe(fc.constant([])),
  }).map((message) => [message]),
  fc.uniqueArray(filled, { minLength: 1, maxLength: 2 }).chain((ids) =>
    fc
      .tuple(
        record({
          role: fc.constant('assistant'),
          content: maybe(fc.oneof(anyText, fc.constant(null))),
          tool_calls: fc.tuple(...ids.map(toolCall)),
        }),
        ...ids.map((id) =>
          record({ role: fc.constant('tool'), tool_call_id: fc.constant(id), content: textContent }),
        ),
      )
      .map((messages): Json[] => messages),
  ),
);

const tools = fc.uniqueArray(
  record({
    type: fc.constant('function'),
    function: record({
      name,
      description: maybe(fc.option(anyText)),
      parameters: maybe(
        record({
          type: fc.constant('object'),
          properties: maybe(
            fc.dictionary(anyKey, record({ type: fc.constant('string'), default: maybe(anyJson) }), {
              maxKeys: 3,
            }),
          ),
          required: maybe(fc.array(anyText, { maxLength: 2 })),
        }),
      ),
      strict: maybe(fc.boolean()),
    }),
  }),
  { selector: ({ function: { name } = {} }: Json & { function?: { name?: unknown } }) => name, maxLength: 3 },
);

const scalars = {
  temperature: maybe(
    fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.constantFrom(0.5, 0, -0, 1, null)),
  ),
  top_p: maybe(fc.constantFrom(0.9, 0, 1, 0.5, null)),
  n: maybe(fc.constantFrom(1, 2, 5, null)),
  max_tokens: maybe(fc.oneof(fc.integer({ min: 1 }), fc.constant(null))),
  stop: maybe(fc.oneof(anyText, fc.array(filled, { maxLength: 2 }), fc.constant(null))),
  stream: maybe(fc.constantFrom(true, false, null)),
  frequency_penalty: maybe(fc.constantFrom(0, 1, -2, null)),
  presence_penalty: maybe(fc.constantFrom(0, -2, 2)),
  response_format: maybe(
    fc.oneof(
      fc.constantFrom({ type: 'text' }, { type: 'json_object' }, null),
      record({
        type: fc.constant('json_schema'),
        json_schema: record({ name, schema: maybe(anyObject), strict: maybe(fc.option(fc.boolean())) }),
      }),
    ),
  ),
  reasoning_format: maybe(fc.constantFrom('general', 'deepseek-style', 'hidden', 'auto', null)),
  reasoning_effort: maybe(fc.constantFrom('low', 'high', 'xhigh', 'none', 'auto', null)),
  seed: maybe(fc.maxSafeInteger()),
  parallel_tool_calls: maybe(fc.boolean()),
  audio: maybe(anyObject),
  user: maybe(anyText),
  metadata: maybe(anyJson),
  extra: maybe(anyJson),
};

/** Valid, if `extra` is among EXTRA_PARAMS. */
export const anyRequest: fc.Arbitrary<Json> = record({
  // Models about which nothing is known: they may read all media.
  model: fc.constantFrom('m', 'a-new-model'),
  messages: fc.array(turn, { minLength: 1, maxLength: 3 }).map((turns) => turns.flat()),
  tools: maybe(tools),
  ...scalars,
});

export const EXTRA = new Set(['extra']);

/** A request with one other value somewhere, or one field more or less. */
export const anyMutant: fc.Arbitrary<Json> = fc
  .tuple(
    anyRequest,
    fc.nat(),
    fc.oneof(anyJson, fc.constantFrom(undefined, null, 0, '', [], {}, true, 'user', 'text')),
    fc.boolean(),
    anyKey,
  )
  .map(([request, where, value, add, key]) => {
    const copy = structuredClone(request);
    const places = placesOf(copy);
    const place = places[where % places.length];
    if (place === undefined) return copy;
    const [parent, name] = place;
    if (add && !Array.isArray(parent)) Object.defineProperty(parent, key, { value, ...PLAIN });
    else if (value === undefined) Reflect.deleteProperty(parent, name);
    else parent[name] = value;
    return JSON.parse(JSON.stringify(copy)) as Json;
  });

const PLAIN = { enumerable: true, configurable: true, writable: true };

type Place = readonly [parent: Record<string, unknown>, name: string];

/** Every member of every object and list. */
function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((name) => {
    const here: Place[] = [[parent, name]];
    return here.concat(placesOf(parent[name]));
  });
}

/**
 * A request, and the same with fields that are not known at random places: in messages,
 * parts, calls and tools, and at the top level.
 */
export const withUnknownFields: fc.Arbitrary<[request: Json, extended: Json]> = fc
  .tuple(anyRequest, fc.array(fc.tuple(fc.nat(), anyJson), { minLength: 1, maxLength: 4 }))
  .map(([request, additions]) => {
    const extended = structuredClone(request);
    const objects = knownObjects(extended);
    for (const [where, value] of additions) {
      Object.assign(objects[where % objects.length] ?? {}, { 'zz-unknown': value });
    }
    return [request, JSON.parse(JSON.stringify(extended)) as Json];
  });

/** The objects of a request whose fields are checked, free-form ones aside. */
function knownObjects(request: Json): object[] {
  const messages = request['messages'] as Json[];
  const tools = (request['tools'] ?? []) as { function: object }[];
  return [
    request,
    ...messages,
    ...messages.flatMap(({ content }) => (Array.isArray(content) ? (content as object[]) : [])),
    ...messages.flatMap(({ tool_calls: calls }) => (calls ?? []) as object[]),
    ...tools,
    ...tools.map((tool) => tool.function),
  ];
}
