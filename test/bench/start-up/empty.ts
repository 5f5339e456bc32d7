// What start-up is compared with: a Worker that does nothing.
export default { fetch: () => new Response() };
