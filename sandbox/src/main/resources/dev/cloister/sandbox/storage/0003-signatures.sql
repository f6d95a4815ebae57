-- Whose signatures of modules a tenant wants, as JSON.
CREATE TABLE signature_policy (
  tenant TEXT PRIMARY KEY REFERENCES tenant (name) ON DELETE CASCADE,
  policy TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which of the tenant's keys signed a version, as they were when it was uploaded.
CREATE TABLE version_signature (
  tenant     TEXT NOT NULL,
  plugin     TEXT NOT NULL,
  digest     TEXT NOT NULL,
  key_id     TEXT NOT NULL,
  public_key TEXT NOT NULL,
  PRIMARY KEY (tenant, plugin, digest, public_key),
  FOREIGN KEY (tenant, plugin, digest) REFERENCES version (tenant, plugin, digest)
    ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
