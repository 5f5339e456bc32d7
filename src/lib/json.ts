// Reading parsed JSON whose form is not known.

export type JsonObject = Record<string, unknown>;

/** Whether a value is what JSON calls an object: neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns a member of a value; undefined where the value is no object. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** @returns the parsed text; undefined where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** @returns the value as JSON; null where it nests some thousand levels deep: JSON.stringify recurses, JSON.parse does not. */
export function stringifyJson(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

/** Whether a member says nothing: StepFun leaves it out, or sends null or "". */
export function isNothing(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}
