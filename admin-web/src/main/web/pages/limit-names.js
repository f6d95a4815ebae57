import * as format from '../format.js';

/**
 * @typedef {object} LimitName
 * @property {string} text
 * @property {LimitUnit} unit
 *
 * @typedef {'bytes' | 'millis' | 'count' | 'perSecond' | 'bytesPerSecond' | 'millisPerSecond'
 * } LimitUnit
 */

/**
 * Every limit of a tenant, in groups, in the order a person looks for them.
 *
 * @type {Record<string, Record<string, LimitName>>}
 */
export const LIMIT_GROUPS = {
  Memory: {
    memoryBytes: { text: 'All memory', unit: 'bytes' },
    memoryPerInstanceBytes: { text: 'Memory per instance', unit: 'bytes' },
    gcHeapBytes: { text: 'GC heap', unit: 'bytes' },
    stackBytes: { text: 'Stack', unit: 'bytes' },
    tableElements: { text: 'Table elements', unit: 'count' },
  },
  Time: {
    deadlineMillis: { text: 'Deadline of a call', unit: 'millis' },
    cpuMillisPerCall: { text: 'CPU per call', unit: 'millis' },
    cpuMillisPerSecond: { text: 'CPU per second', unit: 'millisPerSecond' },
    fuelPerCall: { text: 'Fuel per call', unit: 'count' },
  },
  Traffic: {
    concurrency: { text: 'Calls at once', unit: 'count' },
    queueLength: { text: 'Waiting calls', unit: 'count' },
    requestsPerSecond: { text: 'Requests', unit: 'perSecond' },
    requestBytes: { text: 'Request body', unit: 'bytes' },
    responseBytes: { text: 'Response body', unit: 'bytes' },
    hostDescriptors: { text: 'Open host files', unit: 'count' },
    egressRequestsPerSecond: { text: 'Outbound requests', unit: 'perSecond' },
  },
  Code: {
    plugins: { text: 'Plugins', unit: 'count' },
    versionsPerPlugin: { text: 'Versions per plugin', unit: 'count' },
    codeBytes: { text: 'Compiled code', unit: 'bytes' },
    compileMillis: { text: 'Compile time of a module', unit: 'millis' },
    functionsPerModule: { text: 'Functions per module', unit: 'count' },
    typesPerModule: { text: 'Types per module', unit: 'count' },
    uploadBytes: { text: 'Upload', unit: 'bytes' },
  },
  Storage: {
    storageBytes: { text: 'Stored data', unit: 'bytes' },
    logBytesPerSecond: { text: 'Log', unit: 'bytesPerSecond' },
  },
};

/** @type {Record<string, LimitName>} */
export const LIMIT_NAMES = Object.assign({}, ...Object.values(LIMIT_GROUPS));

/**
 * The groups with those limits only that the server has; one that has no name here comes last,
 * under its own.
 *
 * @param {Record<string, unknown>} limits
 * @returns {{group: string, names: string[]}[]}
 */
export function groupsOf(limits) {
  const groups = Object.entries(LIMIT_GROUPS).map(([group, names]) => ({
    group,
    names: Object.keys(names).filter((name) => name in limits),
  }));
  const others = Object.keys(limits).filter((name) => !(name in LIMIT_NAMES));
  return [...groups, { group: 'Others', names: others }].filter(({ names }) => names.length > 0);
}

/**
 * @param {string} name of a limit
 * @param {number | null | undefined} value
 */
export function limitText(name, value) {
  if (value === null) {
    return 'off';
  }
  const unit = LIMIT_NAMES[name]?.unit ?? 'count';
  switch (unit) {
    case 'bytes':
      return format.bytes(value);
    case 'bytesPerSecond':
      return value === undefined ? format.UNKNOWN : `${format.bytes(value)}/s`;
    case 'millis':
      return format.millis(value);
    case 'millisPerSecond':
      return value === undefined ? format.UNKNOWN : `${format.millis(value)}/s`;
    case 'perSecond':
      return format.text(format.rateFigure(value));
    default:
      return format.count(value);
  }
}

/** What a unit stands for, in bytes or milliseconds. */
const FACTORS = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
  ['ms', 1],
  ['s', 1000],
  ['min', 60000],
]);

/**
 * Reads a limit as people write it: `64 MiB`, `1.5GiB`, `2 s`, `100`.
 *
 * @param {string} text
 * @returns {number | null} null if it is not a limit
 */
export function parseLimit(text) {
  const parts = /^\s*([\d.,_ ]+?)\s*([a-z]*)(?:\/s)?\s*$/i.exec(text);
  const factor = parts && FACTORS.get(parts[2].toLowerCase());
  const value = parts ? Number(parts[1].replace(/[,_ ]/g, '')) : NaN;
  return factor && Number.isFinite(value) ? Math.round(value * factor) : null;
}

/**
 * A limit as a person would type it, without losing a byte of it.
 *
 * @param {string} name of a limit
 * @param {number | null | undefined} value
 */
export function limitInput(name, value) {
  if (value == null) {
    return '';
  }
  const text = limitText(name, value);
  return parseLimit(text) === value ? text : String(value);
}
