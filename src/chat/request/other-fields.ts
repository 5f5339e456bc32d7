// Top-level fields of other services' chat APIs. StepFun takes none of them.

import { normalizeName } from './did-you-mean.ts';

/**
 * Bookkeeping that OpenAI's SDKs and the common routers send with every request. It does
 * not change the answer: left out, and named in `X-Ignored-Params`, whatever
 * UNKNOWN_PARAMS is set to.
 */
export const BOOKKEEPING_FIELDS = [
  // OpenAI
  'metadata',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'user',
  // DeepSeek
  'thinking',
  // OpenRouter
  'provider',
  'route',
  'session_id',
  'transforms',
  'usage',
  // vLLM
  'priority',
  'request_id',
] as const;

/**
 * Refused, because leaving them out would change the answer without notice. As null, {}
 * or [] they ask for nothing and are left out.
 */
export const REFUSED_FIELDS: ReadonlyMap<string, string> = new Map([
  ['functions', 'deprecated, use tools'],
  ['function_call', 'deprecated, use tool_choice'],
  ['extra_body', 'send its fields at the top level: only the Python SDK unpacks it'],
  ['logit_bias', 'StepFun does not document it (the operator can pass it on: EXTRA_PARAMS)'],
  ['web_search_options', 'StepFun does not document it (the operator can pass it on: EXTRA_PARAMS)'],
]);

/**
 * Real fields of other services, some of them near a known name: they are not taken
 * for misspellings (`models` is OpenRouter's, not a wrong `model`).
 */
const FOREIGN_FIELDS = [
  // OpenAI, Azure OpenAI
  `best_of data_sources echo enhancements input instructions max_output_tokens moderation prompt
   prompt_cache_options reasoning_summary suffix text truncation verbosity conversation include
   previous_response_id background max_tool_calls`,
  // OpenRouter
  `cache_control debug fallbacks image_config models plugins reasoning_details structured_outputs
   top_a trace`,
  // vLLM, SGLang, llama.cpp, LM Studio, Ollama
  `add_generation_prompt add_special_tokens allowed_token_ids bad_words cache_prompt cache_salt
   chat_template chat_template_kwargs continue_final_message custom_logit_processor documents
   draft_model dry_allowed_length dry_base dry_multiplier dry_penalty_last_n dynatemp_exponent
   dynatemp_range ebnf format grammar guided_choice guided_decoding_backend guided_grammar
   guided_json guided_regex guided_whitespace_pattern id_slot ignore_eos include_stop_str_in_output
   json_schema keep_alive kv_transfer_params length_penalty lora_path min_keep min_new_tokens min_p
   min_tokens mirostat mirostat_eta mirostat_tau mm_processor_kwargs n_keep n_predict n_probs
   num_ctx num_predict options penalize_nl prompt_logprobs raw regex repeat_last_n repeat_penalty
   repetition_penalty return_tokens_as_token_ids samplers separate_reasoning skip_special_tokens
   spaces_between_special_tokens stop_regex stop_token_ids stream_reasoning structural_tag tfs_z
   think timings_per_token top_k top_n_sigma truncate_prompt_tokens ttl typical_p use_beam_search
   vllm_xargs xtc_probability xtc_threshold thinking_budget_tokens`,
  // Qwen (DashScope), Zhipu, Moonshot, MiniMax, Volcengine, SiliconFlow, Hunyuan
  `do_sample enable_code_interpreter enable_enhancement enable_search enable_thinking encrypted
   incremental_output mask_sensitive_info max_input_tokens partial_mode preserve_thinking
   reasoning_split reply_constraints request_timeout result_format search_options thinking_budget
   thinking_options tool_stream translation_options vl_high_resolution_images`,
  // Anthropic and its routers, Google, Mistral, Cohere, Groq, xAI, Perplexity, Together
  `anthropic_beta anthropic_version betas citation_options compound_custom container
   context_management deferred disable_search exclude_domains generation_config include_domains
   max_new_tokens max_thinking_tokens max_tokens_to_sample mcp_servers output_config output_format
   prompt_mode random_seed return_citations return_images return_related_questions safe_mode
   safe_prompt safety_mode safety_model safety_settings search_domain_filter search_mode
   search_parameters search_recency_filter stop_sequences system system_instruction thinking_config
   tool_config context_length_exceeded_behavior prompt_truncate_len raw_output speculation
   return_token_ids citations disable_tool_validation`,
  // LiteLLM, Portkey, LangChain, AI SDK, VS Code, and other clients
  `allowed_openai_params api_base api_key api_version base_url cache caching
   context_window_fallbacks custom_llm_provider drop_params extra_headers extra_query guardrails
   headers hyperparameters input_cost_per_token intent is_async mock_response model_info
   model_kwargs num_retries organization output_cost_per_token project proxy_server_request
   provider_options reasoning_config retry_policy snippy tags tenant_id timeout top_level_system
   trace_id user_id ls_model_name max_retries streaming nvext session conversation_id chat_id`,
].flatMap((names) => names.split(/\s+/));

const foreignNames: ReadonlySet<string> = new Set(
  [...BOOKKEEPING_FIELDS, ...FOREIGN_FIELDS].map(normalizeName),
);

/** @returns whether a field is another service's, in any spelling (`promptCacheKey`). */
export function isForeignField(name: string): boolean {
  return foreignNames.has(normalizeName(name));
}
