-- A server's rows in the first version of the schema.
INSERT INTO tenant (name, state, created_at) VALUES ('acme', 'ACTIVE', 1700000000001);
INSERT INTO tenant (name, state, created_at) VALUES ('globex', 'SUSPENDED', 1700000000002);
INSERT INTO tenant_limit (tenant, name, value) VALUES ('acme', 'plugins', 7);
INSERT INTO api_key (id, tenant, role, secret_hash, created_at)
  VALUES ('k1', 'acme', 'TENANT_ADMIN', '00ff', 1700000000003);
INSERT INTO plugin (tenant, name, settings, updated_at)
  VALUES ('acme', 'math', '{"environment":{"A":"1"}}', 1700000000004);
INSERT INTO version (tenant, plugin, digest, size_bytes, abi, script, interface, created_at)
  VALUES ('acme', 'math', '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    5, 'plain', 'wasm://wasm/2cf24dba', '{"imports":[],"exports":[]}', 1700000000005);
INSERT INTO version (tenant, plugin, digest, size_bytes, abi, script, interface, created_at)
  VALUES ('acme', 'math', '486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7',
    6, 'plain', 'wasm://wasm/486ea462', '{"imports":[],"exports":[]}', 1700000000006);
INSERT INTO alias_target (tenant, plugin, alias, position, digest, weight)
  VALUES ('acme', 'math', 'live', 0,
    '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', 90);
INSERT INTO alias_target (tenant, plugin, alias, position, digest, weight)
  VALUES ('acme', 'math', 'live', 1,
    '486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7', 10);
INSERT INTO audit (time, actor, role, action, tenant, target, outcome, detail, remote)
  VALUES (1700000000007, 'operator', 'operator', 'tenant.create', 'acme', 'acme', 'ok', NULL,
    '127.0.0.1');
