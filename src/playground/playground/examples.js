// Examples for the settings that hold JSON.

/** @type {Readonly<Record<string, unknown>>} */
export const TOOL_EXAMPLES = {
  weather: [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The current weather of a place.',
        parameters: {
          type: 'object',
          properties: {
            place: { type: 'string', description: 'City and country' },
            unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
          },
          required: ['place'],
        },
      },
    },
  ],
  search: [
    {
      type: 'function',
      function: {
        name: 'search_orders',
        description: 'Finds orders in the shop’s database.',
        parameters: {
          type: 'object',
          properties: {
            customer: { type: 'string' },
            status: { type: 'string', enum: ['open', 'sent', 'returned'] },
            limit: { type: 'integer', minimum: 1, maximum: 50 },
          },
          required: ['customer'],
        },
      },
    },
  ],
};

export const SCHEMA_EXAMPLE = {
  title: 'recipe',
  type: 'object',
  properties: {
    name: { type: 'string' },
    minutes: { type: 'integer' },
    steps: { type: 'array', items: { type: 'string' } },
  },
  required: ['name', 'minutes', 'steps'],
  additionalProperties: false,
};
