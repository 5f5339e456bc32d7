/** Bindings that wrangler.toml leaves to the operator: see README, "Sight". */
interface Env {
  ANALYTICS?: AnalyticsEngineDataset;
}
