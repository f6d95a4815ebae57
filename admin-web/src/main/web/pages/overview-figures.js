import { html, nothing } from 'lit';
import * as format from '../format.js';
import { FAILURES, failures } from '../live.js';
import { rateChart, sparkline } from '../widgets/chart.js';
import { figure } from '../widgets/figure.js';
import { meter, stack } from '../widgets/meter.js';

/**
 * @typedef {import('../types.js').Statistics} Statistics
 * @typedef {import('../live.js').Sample} Sample
 */

/** One sample comes each second. */
const LEAST_CHART_SECONDS = 30;
const OUTCOME_TEXTS = {
  trap: 'Trap',
  limit: 'Limit',
  deadline: 'Deadline',
  exit: 'Exit code',
  rateLimited: 'Rate limited',
  overloaded: 'Overloaded',
  error: 'Server error',
};
const CATEGORY_TEXTS = {
  LINEAR_MEMORY: 'Linear memory',
  TABLE: 'Tables',
  GLOBAL: 'Globals',
  GC_OBJECT: 'GC objects',
  INSTANCE: 'Instances',
  CODE_SHARE: 'Code',
  BUFFER: 'Buffers',
  FILE: 'Files',
};

/**
 * The six figures that say how the server is.
 *
 * @param {Statistics} statistics
 * @param {Sample[]} samples
 */
export function figures(statistics, samples) {
  const series = (/** @type {(sample: Sample) => number | null | undefined} */ value) =>
    sparkline(samples.map((sample) => value(sample) ?? null));
  const total = statistics.calls?.total;
  return html`
    <dl class="figures">
      ${tile('Tenants', {
        id: 'tenants',
        value: { value: format.count(statistics.tenants), unit: '' },
        note: statistics.suspendedTenants
          ? `${format.count(statistics.suspendedTenants)} suspended`
          : 'none suspended',
        course: series(({ statistics }) => statistics.tenants),
      })}
      ${tile('Plugins', {
        id: 'plugins',
        value: { value: format.count(statistics.plugins), unit: '' },
        note: `${format.count(statistics.instances)} instances`,
        course: series(({ statistics }) => statistics.plugins),
      })}
      ${tile('Native modules', {
        id: 'native-modules',
        value: { value: format.count(statistics.nativeModules), unit: '' },
        note: compileNote(statistics),
        course: series(({ statistics }) => statistics.nativeModules),
      })}
      ${tile('Calls', {
        id: 'calls',
        value: format.rateFigure(samples.at(-1)?.callsPerSecond),
        note: `${format.count(total)} in all`,
        course: sparkline(
          samples.map((sample) => sample.callsPerSecond),
          { fromZero: true },
        ),
      })}
      ${tile('Memory charged', {
        id: 'memory',
        value: format.bytesFigure(statistics.memoryBytes),
        note: statistics.memoryLimitBytes
          ? `of ${format.bytes(statistics.memoryLimitBytes)}`
          : 'to all tenants',
        course: series(({ statistics }) => statistics.memoryBytes),
      })}
      ${tile('Code', {
        id: 'code',
        value: format.bytesFigure(statistics.codeBytes),
        note: `${format.bytes(statistics.metadataBytes)} metadata`,
        course: series(({ statistics }) => statistics.codeBytes),
      })}
    </dl>
  `;
}

/**
 * The course of the calls, and how they ended.
 *
 * @param {Statistics} statistics
 * @param {Sample[]} samples
 */
export function calls(statistics, samples) {
  const { calls: totals = {}, latencyMillis } = statistics;
  const failed = statistics.calls ? failures(statistics) : null;
  return html`
    ${rateChart({
      all: samples.map((sample) => sample.callsPerSecond),
      failed: samples.map((sample) => sample.failuresPerSecond),
      since: sinceText(samples),
      least: LEAST_CHART_SECONDS,
      label: 'Calls per second over the last minutes',
      format: (value) => format.rateFigure(value).value,
    })}
    <dl class="facts">
      ${fact('In flight', format.count(totals.inFlight))}
      ${fact('Queued', format.count(totals.queued))} ${fact('p50', latencyText(latencyMillis?.p50))}
      ${fact('p90', latencyText(latencyMillis?.p90))}
      ${fact('p99', latencyText(latencyMillis?.p99))}
      ${fact('Failed', format.percent(failed, totals.total), 'swatch-failed')}
    </dl>
    <dl class="facts facts-minor">
      ${FAILURES.map((name) =>
        fact(
          OUTCOME_TEXTS[/** @type {keyof typeof OUTCOME_TEXTS} */ (name)],
          format.count(totals[name]),
        ),
      )}
    </dl>
  `;
}

/** What the process uses. @param {Statistics} statistics */
export function resources({
  jvm = {},
  memory = {},
  memoryBytes,
  wireBytes,
  codeBytes,
  metadataBytes,
}) {
  const parts = Object.entries(memory).filter(([, value]) => value > 0);
  return html`
    <div class="gauges">
      ${gauge('JVM heap', jvm.heapUsedBytes, jvm.heapMaxBytes)}
      ${gauge('Code cache', jvm.codeCacheUsedBytes, jvm.codeCacheMaxBytes)}
      <div class="gauge">
        <span>Processor</span>
        <span class="number">
          ${format.percent(jvm.processCpu, 1)} of ${format.count(jvm.processors)} cores
        </span>
        ${meter(jvm.processCpu, 1, 'Processor')}
      </div>
    </div>
    <dl class="facts facts-three">
      ${fact('Metaspace', format.bytes(jvm.metaspaceBytes))}
      ${fact('Classes', format.count(jvm.classes))} ${fact('Threads', format.count(jvm.threads))}
      ${fact('Wire bytes', format.bytes(wireBytes))} ${fact('Code', format.bytes(codeBytes))}
      ${fact('Metadata', format.bytes(metadataBytes))}
    </dl>
    ${
      parts.length === 0
        ? nothing
        : html`<div class="gauge-stack">
            <h3>Memory charged <span class="number">${format.bytes(memoryBytes)}</span></h3>
            ${stack(
              parts.map(([, value], series) => ({ value, series })),
              'Memory charged by category',
            )}
            <ul class="legend">
              ${parts.map(
                ([name, value], series) =>
                  html`<li>
                    <span class="swatch swatch-${series}"></span>${categoryText(name)}
                    <span class="number">${format.bytes(value)}</span>
                  </li>`,
              )}
            </ul>
          </div>`
    }
  `;
}

/**
 * @param {string} label
 * @param {{id: string, value: format.Figure, note: string, course: unknown}} options
 */
const tile = (label, { id, value, note, course }) => html`
  <div class="tile" data-figure=${id}>
    <dt>${label}</dt>
    <dd class="tile-value">${figure(value)}</dd>
    <dd class="tile-note">${note}</dd>
    <dd class="tile-course">${course}</dd>
  </div>
`;

/**
 * @param {string} label
 * @param {string} value
 * @param {string} [swatch]
 */
const fact = (label, value, swatch) => html`
  <div class="fact">
    <dt>${swatch ? html`<span class="swatch ${swatch}"></span>` : nothing}${label}</dt>
    <dd class="number">${value}</dd>
  </div>
`;

/**
 * @param {string} label
 * @param {number | undefined} used
 * @param {number | undefined} max
 */
const gauge = (label, used, max) => html`
  <div class="gauge">
    <span>${label}</span>
    <span class="number">${format.bytes(used)} of ${format.bytes(max)}</span>
    ${meter(used, max, label)}
  </div>
`;

/** @param {string} name */
export const categoryText = (name) =>
  /** @type {Record<string, string>} */ (CATEGORY_TEXTS)[name] ??
  name.toLowerCase().replaceAll('_', ' ');

/** When the left edge of the chart was. @param {Sample[]} samples */
function sinceText(samples) {
  const millis = (samples.at(-1)?.atMillis ?? 0) - (samples[0]?.atMillis ?? 0);
  return `${format.millis(Math.max(LEAST_CHART_SECONDS * 1000, millis))} ago`;
}

/** @param {Statistics} statistics */
function compileNote({ compileJobs, compilations, cacheHits }) {
  if (compileJobs?.running || compileJobs?.queued) {
    const { running = 0, queued = 0 } = compileJobs;
    return `${format.count(running)} compiling, ${format.count(queued)} waiting`;
  }
  return compilations === undefined
    ? 'shared by content'
    : `${format.count(compilations)} compiled, ${format.count(cacheHits)} shared`;
}

/**
 * Without calls the server says 0, which no call has ever taken.
 *
 * @param {number | undefined} millis
 */
const latencyText = (millis) => format.millis(millis === 0 ? undefined : millis);
