// What a call over HTTP costs in node: node http.mjs fresh|shared MODULE.
// fresh makes an instance for each request, shared uses one for all.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [mode, file] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));
const shared = new WebAssembly.Instance(module, {});

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { args } = JSON.parse(Buffer.concat(chunks).toString());
    const instance = mode === 'fresh' ? new WebAssembly.Instance(module, {}) : shared;
    const body = JSON.stringify({ results: [instance.exports.add(...args)] });
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`READY http://127.0.0.1:${server.address().port}`);
});
