-- What tenants used, by hours; an hour is its first millisecond since 1970.
CREATE TABLE usage_hour (
  tenant              TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
  hour                INTEGER NOT NULL,
  invocations         INTEGER NOT NULL,
  errors              INTEGER NOT NULL,
  cpu_nanos           INTEGER NOT NULL,
  memory_byte_seconds INTEGER NOT NULL,
  egress_bytes        INTEGER NOT NULL,
  PRIMARY KEY (tenant, hour)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_of_hour ON usage_hour (hour);
