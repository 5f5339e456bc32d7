// The Worker that start-up is compared with: it does nothing.
export default { fetch: () => new Response() };
