// JSON from elsewhere, read without trusting its shape.

/**
 * @param {unknown} value
 * @param {string | number} name
 * @returns {unknown} the field, if there is one.
 */
export function field(value, name) {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/**
 * @param {unknown} value
 * @returns {string} it, if it is a string; else nothing.
 */
export function text(value) {
  return typeof value === 'string' ? value : '';
}

/**
 * @param {unknown} value
 * @returns {readonly unknown[]}
 */
export function list(value) {
  return Array.isArray(value) ? value : [];
}

/**
 * @param {string} source
 * @returns {unknown} `undefined` when it isn't JSON.
 */
export function parseJson(source) {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
