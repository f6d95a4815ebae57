/** Figures as people read them. Each always carries its unit; what is unknown is a dash. */

export const UNKNOWN = '–';

const LOCALE = 'en';
const counts = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** @typedef {{value: string, unit: string}} Figure */

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/**
 * Three significant digits, without an exponent and without losing whole ones.
 *
 * @param {number} value
 */
function short(value) {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

/**
 * @param {number | null | undefined} bytes
 * @returns {Figure}
 */
export function bytesFigure(bytes) {
  if (!isNumber(bytes)) {
    return { value: UNKNOWN, unit: '' };
  }
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return { value: short(value), unit: BYTE_UNITS[unit] };
}

/** @param {number | null | undefined} bytes */
export function bytes(bytes) {
  return text(bytesFigure(bytes));
}

/** @param {number | null | undefined} value */
export function count(value) {
  return isNumber(value) ? counts.format(value) : UNKNOWN;
}

/**
 * A rate per second; below ten with two decimals, so that a quiet system is not shown as zero.
 *
 * @param {number | null | undefined} perSecond
 * @returns {Figure}
 */
export function rateFigure(perSecond) {
  if (!isNumber(perSecond)) {
    return { value: UNKNOWN, unit: '' };
  }
  const value = perSecond >= 1000 ? counts.format(perSecond) : short(perSecond);
  return { value, unit: '/s' };
}

/**
 * A share as a percentage. A small share never reads as none, a large one never as all.
 *
 * @param {number | null | undefined} part
 * @param {number | null | undefined} whole
 */
export function percent(part, whole) {
  if (!isNumber(part) || !isNumber(whole) || whole === 0) {
    return UNKNOWN;
  }
  const value = (part / whole) * 100;
  if (value > 0 && value < 0.1) {
    return '<0.1 %';
  }
  if (value > 99 && value < 100) {
    return value > 99.9 ? '>99.9 %' : `${value.toFixed(1)} %`;
  }
  return `${value < 10 ? Number(value.toFixed(1)) : value.toFixed(0)} %`;
}

/** @param {number | null | undefined} millis */
export function millis(millis) {
  if (!isNumber(millis)) {
    return UNKNOWN;
  }
  return millis >= 60000
    ? uptime(millis / 1000)
    : millis >= 1000
      ? `${short(millis / 1000)} s`
      : `${short(millis)} ms`;
}

/** @param {number | null | undefined} seconds */
export function uptime(seconds) {
  if (!isNumber(seconds)) {
    return UNKNOWN;
  }
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const parts = [
    days > 0 && `${days} d`,
    hours > 0 && `${hours} h`,
    days === 0 && minutes > 0 && `${minutes} min`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' ') : `${Math.floor(seconds)} s`;
}

/**
 * @param {string | null | undefined} iso
 * @param {number} [nowMillis]
 */
export function ago(iso, nowMillis = Date.now()) {
  const time = iso ? Date.parse(iso) : NaN;
  if (Number.isNaN(time)) {
    return UNKNOWN;
  }
  const seconds = Math.max(0, (nowMillis - time) / 1000);
  const [value, unit] =
    seconds < 60
      ? [seconds, 's']
      : seconds < 3600
        ? [seconds / 60, 'min']
        : seconds < 172800
          ? [seconds / 3600, 'h']
          : [seconds / 86400, 'd'];
  return seconds < 5 ? 'now' : `${Math.floor(value)} ${unit} ago`;
}

/** @param {string | null | undefined} iso the moment in local time, to the second */
export function moment(iso) {
  const time = iso ? new Date(iso) : null;
  if (time === null || Number.isNaN(time.getTime())) {
    return UNKNOWN;
  }
  const pad = (/** @type {number} */ part) => String(part).padStart(2, '0');
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return `${date} ${clock(iso)}`;
}

/** @param {string | null | undefined} iso the time of day in local time */
export function clock(iso) {
  const time = iso ? new Date(iso) : null;
  return time === null || Number.isNaN(time.getTime())
    ? UNKNOWN
    : [time.getHours(), time.getMinutes(), time.getSeconds()]
        .map((part) => String(part).padStart(2, '0'))
        .join(':');
}

/** @param {string | null | undefined} digest `sha256:…`, cut to what a person compares */
export function shortDigest(digest) {
  return digest ? digest.replace(/^sha256:/, '').slice(0, 12) : UNKNOWN;
}

/** @param {number} offset a byte offset of a module */
export function offset(offset) {
  return `0x${offset.toString(16)}`;
}

/** @param {Figure} figure */
export function text({ value, unit }) {
  return unit === '' ? value : `${value} ${unit}`;
}

/**
 * @param {{params?: string[], results?: string[], type?: string}} item an import or export
 */
export function signature({ params, results, type }) {
  return params
    ? `(${params.join(', ')}) → ${results?.length ? results.join(', ') : '()'}`
    : (type ?? '');
}
