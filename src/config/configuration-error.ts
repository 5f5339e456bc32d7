// The failure of wrong settings. `http/errors.ts` maps it to `invalid_configuration`.

/** Its message names each wrong setting and what was expected; it repeats no value, since that may be a secret. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
