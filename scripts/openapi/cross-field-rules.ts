// Rules across fields, as far as JSON Schema can say them: what must not come
// together. They stand in `not`, which generators of types pass over, and not in
// `allOf` or `anyOf`, of which they would make intersections and unions that say
// nothing; and under `dependentSchemas`, by the field that brings the rule.
//
// What JSON Schema can't say is told in the descriptions: two numbers have to be the
// same (`max_completion_tokens`), a name or an id has to be that of another place
// (`tool_choice`, `tool_call_id`), nesting has an end, a URL has a host.
// test/unit/openapi-fidelity.test.ts names each.

import { MODELS, REASONING_EFFORTS, reasoningEfforts } from '../../src/upstream/models.ts';
import type { Json } from './json-values.ts';

const NOTHING = { type: 'null' };
const FILLED_LIST = { type: 'array', minItems: 1 };

/** The efforts that a model does not take, for those that are known to take fewer. */
const LACKING = MODELS.map(({ id }) => ({
  model: { const: id },
  efforts: REASONING_EFFORTS.filter((effort) => !reasoningEfforts(id).includes(effort)),
})).filter(({ efforts }) => efforts.length > 0);

/** By the name of the component. The gateway's own: src/chat/request/cross-field.ts and messages.ts. */
export const RULES: Readonly<Record<string, Json>> = {
  ChatCompletionRequest: {
    dependentSchemas: {
      stream_options: never(clash({ stream_options: not(NOTHING), stream: not({ const: true }) })),
      top_logprobs: never(clash({ top_logprobs: not(NOTHING), logprobs: not({ const: true }) })),
      tool_choice: never(
        clash({ tool_choice: not({ enum: ['none', 'auto', null] }), tools: not(FILLED_LIST) }),
      ),
      reasoning_effort: never(
        ...LACKING.map(({ model, efforts }) => clash({ model, reasoning_effort: { enum: efforts } })),
      ),
      reasoning: never(
        ...LACKING.map(({ model, efforts }) => clash({ model, reasoning: asksFor(efforts) })),
        ...REASONING_EFFORTS.map((effort) =>
          clash({ reasoning: asksFor([effort]), reasoning_effort: not({ enum: [effort, null] }) }, [
            'reasoning_effort',
          ]),
        ),
      ),
    },
  },
  AssistantMessage: never(clash({ content: false, tool_calls: not(FILLED_LIST) })),
  AudioPart: never(
    clash({
      input_audio: { properties: { data: not({ pattern: '^data:' }), format: not({ type: 'string' }) } },
    }),
  ),
};

function never(...clashes: readonly Json[]): Json {
  return { not: clashes.length === 1 ? clashes[0] : { anyOf: clashes } };
}

/** All of these at once. A field that is missing counts as one that is so (§10.3.2.1), unless it is required. */
function clash(properties: Json, required: readonly string[] = []): Json {
  return required.length === 0 ? { properties } : { required, properties };
}

function asksFor(efforts: readonly string[]): Json {
  return { type: 'object', required: ['effort'], properties: { effort: { enum: efforts } } };
}

function not(schema: Json): Json {
  return { not: schema };
}
