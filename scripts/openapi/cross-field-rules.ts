// Rules across fields, as far as JSON Schema can express them: fields that must not come
// together. They are in `not`, which generators of types ignore, and not in `allOf` or
// `anyOf`, for which generators would make meaningless intersections and unions; and under
// `dependentSchemas`, by the field that brings the rule.
//
// The descriptions contain the rules that JSON Schema cannot express: two numbers are equal
// (`max_completion_tokens`), a name or an id occurs elsewhere (`tool_choice`,
// `tool_call_id`), a model reads an input, nesting is bounded, a URL has a host, a name is no
// misspelling. test/unit/openapi/agreement.ts lists them.

import { EFFORT_VALUES } from '../../src/chat/request/reasoning-options.ts';
import { MODELS, REASONING_EFFORTS, reasoningEfforts } from '../../src/upstream/models.ts';
import type { Json } from './json-values.ts';

const NOTHING = { type: 'null' };
const FILLED_LIST = { type: 'array', minItems: 1 };

/** The efforts that a model refuses: it takes some, and not these. Without any, the field is left out. */
const REFUSED_EFFORTS = MODELS.map(({ id }) => ({
  model: { const: id },
  efforts: REASONING_EFFORTS.filter((effort) => !reasoningEfforts(id).includes(effort)),
})).filter(({ efforts }) => efforts.length > 0 && efforts.length < REASONING_EFFORTS.length);

/** By the name of the component. src/chat/request/cross-field.ts and messages.ts check the same. */
export const RULES: Readonly<Record<string, Json>> = {
  ChatCompletionRequest: {
    dependentSchemas: {
      top_logprobs: never(clash({ top_logprobs: not(NOTHING), logprobs: not({ const: true }) })),
      tool_choice: never(
        clash({ tool_choice: not({ enum: ['none', 'auto', null] }), tools: not(FILLED_LIST) }),
      ),
      reasoning_effort: never(
        ...REFUSED_EFFORTS.map(({ model, efforts }) => clash({ model, reasoning_effort: { enum: efforts } })),
      ),
      reasoning: never(
        ...REFUSED_EFFORTS.map(({ model, efforts }) => clash({ model, reasoning: effortIn(efforts) })),
        ...EFFORT_VALUES.map((effort) =>
          clash({ reasoning: effortIn([effort]), reasoning_effort: not({ enum: [effort, null] }) }, [
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

/** All of these together. A missing field counts as a match (§10.3.2.1), unless it is required. */
function clash(properties: Json, required: readonly string[] = []): Json {
  return required.length === 0 ? { properties } : { required, properties };
}

function effortIn(efforts: readonly string[]): Json {
  return { type: 'object', required: ['effort'], properties: { effort: { enum: efforts } } };
}

function not(schema: Json): Json {
  return { not: schema };
}
