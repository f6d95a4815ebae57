-- What each alias named, one row for each change; the oldest go. Targets are DIGEST:WEIGHT, separated
-- by commas; they may name versions that are no more.

CREATE TABLE alias_change (
  tenant     TEXT NOT NULL,
  plugin     TEXT NOT NULL,
  alias      TEXT NOT NULL,
  number     INTEGER NOT NULL,
  targets    TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, plugin, alias, number),
  FOREIGN KEY (tenant, plugin) REFERENCES plugin (tenant, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
