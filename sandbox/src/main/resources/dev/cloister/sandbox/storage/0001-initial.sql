-- Times are milliseconds since 1970. Names are unique within their parent.

CREATE TABLE tenant (
  name       TEXT PRIMARY KEY,
  state      TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only the limits that were set for the tenant; the others have the configured default.
CREATE TABLE tenant_limit (
  tenant TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  name   TEXT NOT NULL,
  value  INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  id          TEXT PRIMARY KEY,
  tenant      TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  role        TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX api_key_of_tenant ON api_key (tenant);

CREATE TABLE plugin (
  tenant     TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  settings   TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE version (
  tenant     TEXT NOT NULL,
  plugin     TEXT NOT NULL,
  digest     TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  abi        TEXT NOT NULL,
  script     TEXT NOT NULL,
  interface  TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, plugin, digest),
  FOREIGN KEY (tenant, plugin) REFERENCES plugin (tenant, name) ON DELETE CASCADE
) STRICT;

CREATE INDEX version_digest ON version (digest);

CREATE TABLE alias_target (
  tenant   TEXT NOT NULL,
  plugin   TEXT NOT NULL,
  alias    TEXT NOT NULL,
  position INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  weight   INTEGER NOT NULL,
  PRIMARY KEY (tenant, plugin, alias, position),
  FOREIGN KEY (tenant, plugin) REFERENCES plugin (tenant, name) ON DELETE CASCADE,
  FOREIGN KEY (tenant, plugin, digest) REFERENCES version (tenant, plugin, digest)
    ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  time    INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  role    TEXT NOT NULL,
  action  TEXT NOT NULL,
  tenant  TEXT,
  target  TEXT,
  outcome TEXT NOT NULL,
  detail  TEXT,
  remote  TEXT
) STRICT;

CREATE INDEX audit_of_tenant ON audit (tenant, id);
