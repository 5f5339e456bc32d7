// The object that clients extract: as a zod schema and as a JSON Schema.

import { z } from 'zod';

export const citySchema = z.strictObject({
  city: z.string(),
  visitor_count: z.int(),
  is_capital: z.boolean(),
});

export const CITY_JSON_SCHEMA: Record<string, unknown> = {
  type: 'object',
  properties: {
    city: { type: 'string' },
    visitor_count: { type: 'integer' },
    is_capital: { type: 'boolean' },
  },
  required: ['city', 'visitor_count', 'is_capital'],
  additionalProperties: false,
};
