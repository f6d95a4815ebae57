/**
 * The shapes of the API's answers that the console reads. Members marked optional may be missing
 * and are then shown as a dash.
 *
 * @typedef {object} Session
 * @property {boolean} signedIn
 * @property {Role} [role]
 * @property {string | null} [tenant] the tenant of a tenant key; null for the operator
 * @property {{version?: string, node?: string}} [server]
 *
 * @typedef {'operator' | 'tenant-admin' | 'invoker'} Role
 *
 * @typedef {object} Tenant
 * @property {string} tenant
 * @property {'active' | 'suspended'} state
 * @property {string} [createdAt]
 * @property {number} [plugins]
 * @property {number} [instances]
 * @property {number} [memoryBytes]
 * @property {number} [memoryLimitBytes]
 * @property {number} [calls]
 * @property {number} [failedCalls]
 * @property {string | null} [lastCallAt]
 *
 * @typedef {object} Limits
 * @property {Record<string, number | null>} limits what applies
 * @property {Record<string, number | null>} [set] what was set for this tenant alone
 * @property {Record<string, number | null>} [defaults]
 * @property {Record<string, number | null>} [maximums]
 *
 * @typedef {object} Usage
 * @property {Record<string, number>} usage by the name of the limit it counts against
 * @property {Record<string, number>} [memory] bytes by category of the heap ledger
 * @property {number} [instances]
 * @property {number} [cpuMillis]
 * @property {Record<string, number>} [calls] by outcome, and `total`
 *
 * @typedef {object} Key
 * @property {string} id
 * @property {Role} role
 * @property {string} [createdAt]
 * @property {string | null} [lastUsedAt]
 *
 * @typedef {object} Plugin
 * @property {string} plugin
 * @property {string} [abi]
 * @property {string | null} [live] digest of the version that calls use
 * @property {string} [script]
 * @property {number} [sizeBytes]
 * @property {number} [versions]
 * @property {string} [updatedAt]
 * @property {number} [calls]
 * @property {number} [failedCalls]
 * @property {Extern[]} [imports]
 * @property {Extern[]} [exports]
 *
 * @typedef {object} Extern
 * @property {string} [module] of imports
 * @property {string} name
 * @property {'function' | 'table' | 'memory' | 'global' | 'tag'} kind
 * @property {string[]} [params]
 * @property {string[]} [results]
 * @property {string} [type] of everything that is not a function
 *
 * @typedef {object} Version
 * @property {string} version
 * @property {string} [script]
 * @property {string} [abi]
 * @property {number} [sizeBytes]
 * @property {string} [createdAt]
 * @property {boolean} [live]
 *
 * @typedef {object} NativeModule
 * @property {string} digest
 * @property {string} script
 * @property {string | null} [name]
 * @property {number} [wireBytes]
 * @property {number} [metadataBytes]
 * @property {number} [codeBytes]
 * @property {number} [functions]
 * @property {number} [compiledFunctions]
 * @property {number} [references]
 * @property {string[]} [tenants] the first holders
 * @property {number} [tenantsTotal] number of holders when `tenants` was cut
 * @property {Record<string, number>} [tiers] compiled functions by tier
 * @property {CodeImage[]} [images]
 * @property {boolean} [logging]
 * @property {boolean} [debugging]
 * @property {string} [compiledAt]
 *
 * @typedef {object} CodeImage
 * @property {string} kind
 * @property {number} [generation]
 * @property {string} [tier]
 * @property {number} [functions]
 * @property {number} [codeBytes]
 * @property {number} [instances]
 * @property {boolean} [current] whether new calls enter it
 *
 * @typedef {object} Statistics
 * @property {string} [time]
 * @property {number} [uptimeSeconds]
 * @property {number} [tenants]
 * @property {number} [suspendedTenants]
 * @property {number} [plugins]
 * @property {number} [nativeModules]
 * @property {number} [instances]
 * @property {Record<string, number>} [calls] totals by outcome, `total`, `inFlight`, `queued`
 * @property {{p50?: number, p90?: number, p99?: number}} [latencyMillis]
 * @property {number} [memoryBytes]
 * @property {number | null} [memoryLimitBytes]
 * @property {Record<string, number>} [memory]
 * @property {number} [codeBytes]
 * @property {number} [metadataBytes]
 * @property {number} [wireBytes]
 * @property {{running?: number, queued?: number, finished?: number, failed?: number}} [compileJobs]
 * @property {number} [compilations] modules compiled since the server started
 * @property {number} [cacheHits] uploads that found their module compiled
 * @property {Record<string, number>} [jvm]
 *
 * @typedef {object} AuditEvent
 * @property {string} id
 * @property {string} time
 * @property {string} [actor]
 * @property {string} [role]
 * @property {string} action
 * @property {string | null} [tenant]
 * @property {string | null} [target]
 * @property {'ok' | 'refused' | 'failed'} [outcome]
 * @property {string | null} [detail]
 * @property {string | null} [remote]
 *
 * @typedef {object} LogLine
 * @property {string} time
 * @property {'trace' | 'debug' | 'info' | 'warn' | 'error'} [level]
 * @property {string} [plugin]
 * @property {string} [stream]
 * @property {string} text
 */

/**
 * @template T
 * @typedef {object} List
 * @property {T[]} items
 * @property {string | null} [next]
 * @property {number} [total]
 */

export {};
