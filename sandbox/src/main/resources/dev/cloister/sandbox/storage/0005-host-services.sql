-- What a tenant's plugins may use of their host.

CREATE TABLE tenant_config (
  tenant TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  name   TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- Encrypted; the name is not secret.
CREATE TABLE tenant_secret (
  tenant     TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  sealed     BLOB NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- JSON: what the operator allows, and what of it the tenant wants.
CREATE TABLE tenant_policy (
  tenant  TEXT PRIMARY KEY REFERENCES tenant (name) ON DELETE CASCADE,
  allowed TEXT NOT NULL,
  wanted  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Key-value pairs of a tenant's plugins; size_bytes is that of key and value together.
CREATE TABLE kv_entry (
  tenant     TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  value      BLOB NOT NULL,
  size_bytes INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT;

-- Versions that wait for the operator, since they need more than their tenant was granted.
CREATE TABLE pending_version (
  tenant TEXT NOT NULL,
  plugin TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (tenant, plugin, digest),
  FOREIGN KEY (tenant, plugin, digest) REFERENCES version (tenant, plugin, digest)
    ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
