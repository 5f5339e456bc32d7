// The object that clients are asked to extract, for those who check with zod and
// those who take JSON Schema.

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
