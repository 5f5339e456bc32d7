// The API reference: Swagger UI over /openapi.json. It reads only: the playground is where requests
// are tried, with the gateway's key handled by one page.

const hidden = () => () => null;

/** @type {unknown} */
const SwaggerUI = Reflect.get(globalThis, 'SwaggerUIBundle');
if (typeof SwaggerUI === 'function') {
  SwaggerUI({
    url: '/openapi.json',
    dom_id: '#docs',
    deepLinking: true,
    supportedSubmitMethods: [],
    validatorUrl: null,
    plugins: [{ wrapComponents: { authorizeBtn: hidden, authorizeOperationBtn: hidden } }],
  });
}
