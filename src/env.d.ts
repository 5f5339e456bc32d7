/** Bindings that wrangler.toml leaves to the operator: see README.md. */
interface Env {
  ANALYTICS?: AnalyticsEngineDataset;
}
