// The worker of V8: the same commands and answers as dev.cloister.bench.worker.Worker.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';

let module;
let run;
let argument;
let trace;

// Of the calling thread where this node can tell; otherwise of the process, whose other threads are
// idle once everything is compiled.
function cpuNanos() {
  const usage = process.threadCpuUsage ? process.threadCpuUsage() : process.cpuUsage();
  return (usage.user + usage.system) * 1000;
}

const wallNanos = () => Number(process.hrtime.bigint());

function clock() {
  const wall = wallNanos();
  const cpu = cpuNanos();
  return { cpu: () => cpuNanos() - cpu, wall: () => wallNanos() - wall };
}

const read = (time) => `${time.cpu()}\t${time.wall()}`;

// Values of a trace are bits; NaNs are all one here, as the traces compare them.
function toGuest({ type, value }) {
  switch (type) {
    case 'i32':
      return Number(value) | 0;
    case 'i64':
      return BigInt.asIntN(64, BigInt(value));
    case 'f32':
      return new Float32Array(new Uint32Array([Number(value)]).buffer)[0];
    case 'f64':
      return new Float64Array(new BigUint64Array([BigInt(value)]).buffer)[0];
    default:
      throw new Error(`no values of type ${type}`);
  }
}

function readTrace(file) {
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  return lines.map((line) => {
    const event = JSON.parse(line);
    if (event.grow) throw new Error('a trace in which the host grows the memory');
    if (event.args) event.args = event.args.map(toGuest);
    if (event.results) event.results = event.results.map(toGuest);
    event.writes = event.writes?.map(([at, bytes]) => [at >>> 0, Buffer.from(bytes, 'base64')]);
    return event;
  });
}

const isSame = (expected, actual) =>
  expected.length === actual.length && expected.every((value, i) => Object.is(value, actual[i]));

// Plays to the end; what comes back has yet to be checked by checkMemory.
function play(events) {
  const imports = {};
  let memory;
  let exports;
  let next = 0;

  const write = (writes) => {
    if (!writes) return;
    const bytes = new Uint8Array(memory.buffer);
    for (const [at, data] of writes) bytes.set(data, at);
  };
  const call = (event) => {
    write(event.writes);
    const result = exports[event.export](...event.args);
    const expected = events[next++];
    const actual = result === undefined ? [] : [result];
    if (expected.e !== 'return' || !isSame(expected.results, actual)) {
      throw new Error(`event ${next}: wrong results of ${event.export}`);
    }
  };
  const setElement = (event) => exports[event.table].set(event.index, event.value.value);
  const answer = (from, name, args) => {
    const expected = events[next++];
    if (expected.e !== 'import' || expected.module !== from || expected.name !== name ||
        !isSame(expected.args, args)) {
      throw new Error(`event ${next}: expected ${JSON.stringify(expected)}, got ${from} ${name}`);
    }
    for (;;) {
      const event = events[next++];
      if (event.e === 'call') call(event);
      else if (event.e === 'table.set') setElement(event);
      else if (event.e === 'ret') {
        write(event.writes);
        return event.results[0];
      } else throw new Error(`${event.e} inside of ${name}`);
    }
  };

  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    if (kind === 'function') imports[from][name] = (...args) => answer(from, name, args);
    else if (kind === 'memory') imports[from][name] = memory = new WebAssembly.Memory(memoryLimits);
    else throw new Error(`an import of kind ${kind}`);
  }
  exports = new WebAssembly.Instance(module, imports).exports;
  memory ??= Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  for (;;) {
    const event = events[next++];
    if (event.e === 'call') call(event);
    else if (event.e === 'table.set') setElement(event);
    else if (event.e === 'end') return { memory, expected: event.memory };
    else throw new Error(`${event.e} outside of a call`);
  }
}

function checkMemory({ memory, expected }) {
  const bytes = new Uint8Array(memory.buffer);
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (bytes.length !== expected.bytes || actual !== expected.sha256) {
    throw new Error(`the memory ends as ${bytes.length} bytes, SHA-256 ${actual}`);
  }
  return actual;
}

// The limits of an imported memory, which the JavaScript API does not tell.
let memoryLimits;

function findMemoryLimits(bytes) {
  let at = 8;
  const u32 = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const skipName = () => {
    const length = u32();
    at += length;
  };
  while (at < bytes.length) {
    const id = bytes[at++];
    const size = u32();
    if (id !== 2) {
      at += size;
      continue;
    }
    for (let count = u32(); count > 0; count--) {
      skipName();
      skipName();
      const kind = bytes[at++];
      if (kind === 0) u32();
      else if (kind === 2) {
        const flags = u32();
        const initial = u32();
        return flags & 1 ? { initial, maximum: u32() } : { initial };
      } else return undefined;
    }
    return undefined;
  }
  return undefined;
}

const instantiate = () => new WebAssembly.Instance(module, {});

function heapBytes() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// Each time with another custom section at the end: V8 knows modules again.
let variants = 0;

function whole(file, count, step) {
  const wasm = readFileSync(file);
  let cpu = 0;
  let taken = 0;
  globalThis.gc?.();
  for (let i = 0; i < count; i++) {
    const variant = Buffer.concat([wasm, Buffer.from([0, 6, 1, 0x76, 0, 0, 0, 0])]);
    variant.writeUInt32BE(++variants, variant.length - 4);
    const before = process.cpuUsage();
    const wall = wallNanos();
    const done = step(variant);
    taken += wallNanos() - wall;
    const { user, system } = process.cpuUsage(before);
    cpu += (user + system) * 1000;
    if (!done) throw new Error('it is not valid');
  }
  return `${cpu}\t${taken}`;
}

const commands = {
  version: () =>
    `V8 ${process.versions.v8} (node ${process.version}` +
    `${process.threadCpuUsage ? '' : ', CPU time of the process: it tells none of a thread'})`,
  compile(file) {
    const bytes = readFileSync(file);
    const time = clock();
    module = new WebAssembly.Module(bytes);
    const times = read(time);
    memoryLimits = findMemoryLimits(bytes);
    return times;
  },
  call(n) {
    argument = Number(n);
    const time = clock();
    run = instantiate().exports.run;
    const checksum = run(argument);
    const times = read(time);
    trace = undefined;
    return `${checksum}\t${times}`;
  },
  trace(file) {
    const events = readTrace(file);
    const time = clock();
    const played = play(events);
    const times = read(time);
    trace = events;
    return `${checkMemory(played)}\t${times}`;
  },
  repeat(count) {
    const time = clock();
    if (trace) for (let i = 0; i < count; i++) play(trace);
    else for (let i = 0; i < count; i++) run(argument);
    return read(time);
  },
  fresh(count) {
    let cpu = 0;
    let wall = 0;
    for (let i = 0; i < count; i++) {
      const fresh = instantiate().exports.run;
      const time = clock();
      fresh(argument);
      cpu += time.cpu();
      wall += time.wall();
    }
    return `${cpu}\t${wall}`;
  },
  instances(count) {
    const size = Number(count);
    const kept = new Array(size);
    const made = new Float64Array(size);
    const called = new Float64Array(size);
    const before = heapBytes();
    for (let i = 0; i < size; i++) {
      const start = wallNanos();
      kept[i] = instantiate();
      made[i] = wallNanos() - start;
    }
    const heap = heapBytes() - before;
    for (let i = 0; i < size; i++) {
      const start = wallNanos();
      kept[i].exports.run(1);
      called[i] = wallNanos() - start;
    }
    made.sort();
    called.sort();
    const middle = size >> 1;
    const late = size - 1 - Math.floor(size / 100);
    return [made[middle], made[late], called[middle], Math.max(0, Math.round(heap / size))].join('\t');
  },
  validate: (file, count) => whole(file, Number(count), (bytes) => WebAssembly.validate(bytes)),
  'compile-all'(file, count) {
    if (!process.execArgv.includes('--no-wasm-lazy-compilation')) {
      throw new Error('compiles what is called');
    }
    return whole(file, Number(count), (bytes) => new WebAssembly.Module(bytes));
  },
  cycles(count) {
    const size = Number(count);
    const made = new Float64Array(size);
    const before = process.cpuUsage();
    for (let i = 0; i < size; i++) {
      const start = wallNanos();
      const instance = instantiate();
      made[i] = wallNanos() - start;
      instance.exports.run(1);
    }
    const { user, system } = process.cpuUsage(before);
    made.sort();
    const late = size - 1 - Math.floor(size / 100);
    return [made[size >> 1], made[late], Math.round(((user + system) * 1000) / size)].join('\t');
  },
  grow(count) {
    const pages = Number(count);
    const grow = instantiate().exports.run;
    let worst = 0;
    const growing = clock();
    for (let size = 2; size <= pages; size++) {
      const start = wallNanos();
      const answer = grow(1);
      worst = Math.max(worst, wallNanos() - start);
      if (answer !== size) throw new Error(`with ${size} pages, run(1) is ${answer}`);
    }
    const grown = read(growing);
    const filling = clock();
    const array = new Uint8Array(pages << 16).fill(1);
    const filled = read(filling);
    const start = wallNanos();
    const copy = array.slice();
    const copied = wallNanos() - start;
    if (copy.at(-1) !== 1) throw new Error('the copy is another');
    return [grown, worst, filled, copied].join('\t');
  },
  usage() {
    const { user, system } = process.cpuUsage();
    return String((user + system) * 1000);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split('\t');
  try {
    console.log(`ok\t${commands[name](...args)}`);
  } catch (failure) {
    console.log(`failed\t${String(failure).split('\n')[0].replaceAll('\t', ' ')}`);
  }
}
