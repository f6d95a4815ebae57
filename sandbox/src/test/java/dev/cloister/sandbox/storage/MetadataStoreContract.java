package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every metadata store does: what was written is there after opening the database again; what
/// failed is not.
abstract class MetadataStoreContract {
  private static final TenantName ACME = new TenantName("acme");
  private static final PluginName MATH = new PluginName("math");
  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_123L);
  private static final BlobDigest DIGEST = BlobDigest.of("module".getBytes(StandardCharsets.UTF_8));

  private @Nullable JdbcMetadataStore opened;

  /// Opens the store, which is closed.
  abstract JdbcMetadataStore openStore();

  @BeforeEach
  final void open() {
    opened = openStore();
  }

  @AfterEach
  final void close() {
    store().close();
  }

  final JdbcMetadataStore store() {
    return Objects.requireNonNull(opened, "not open");
  }

  private void reopen() {
    close();
    open();
  }

  static TenantRecord tenant() {
    return new TenantRecord(ACME, TenantState.ACTIVE, Map.of("plugins", 3L), NOW);
  }

  private static VersionRecord version() {
    return new VersionRecord(ACME, MATH, DIGEST, 6, "plain", "wasm://wasm/1", NOW);
  }

  final void fill() {
    store()
        .write(
            transaction -> {
              transaction.putTenant(tenant());
              transaction.insertKey(KeyRecord.create("k1", ACME, Role.INVOKER, "00", NOW, null));
              transaction.putPlugin(new PluginRecord(ACME, MATH, "{}", NOW));
              transaction.insertVersion(version(), "{\"imports\":[]}");
              transaction.putAlias(
                  new AliasRecord(
                      ACME, MATH, AliasName.LIVE, List.of(new AliasTarget(DIGEST, 100))),
                  NOW);
              return true;
            },
            _ -> {});
  }

  static AuditRecord audit(String action) {
    return AuditRecord.create(
        NOW, "operator", "operator", action, ACME, "acme", "ok", null, "127.0.0.1");
  }

  @Test
  void everything_isBackAfterReopening() {
    fill();

    reopen();

    MetadataSnapshot snapshot = store().load();
    assertThat(snapshot.tenants()).containsExactly(tenant());
    assertThat(snapshot.keys())
        .containsExactly(KeyRecord.create("k1", ACME, Role.INVOKER, "00", NOW, null));
    assertThat(snapshot.plugins()).containsExactly(new PluginRecord(ACME, MATH, "{}", NOW));
    assertThat(snapshot.versions()).containsExactly(version());
    assertThat(snapshot.aliases())
        .containsExactly(
            new AliasRecord(ACME, MATH, AliasName.LIVE, List.of(new AliasTarget(DIGEST, 100))));
    assertThat(store().aliasChanges(ACME, MATH, AliasName.LIVE))
        .containsExactly(new AliasChange(1, List.of(new AliasTarget(DIGEST, 100)), NOW));
    assertThat(store().versionInterface(ACME, MATH, DIGEST)).isEqualTo("{\"imports\":[]}");
    assertThat(store().referencedBlobs()).isEqualTo(Set.of(DIGEST));
    assertThat(store().isReferenced(DIGEST)).isTrue();
  }

  @Test
  void deletingATenant_deletesWhatIsItsOwn() {
    fill();

    store()
        .write(
            transaction -> {
              transaction.deleteTenant(ACME);
              return true;
            },
            _ -> {});

    MetadataSnapshot snapshot = store().load();
    assertThat(snapshot.tenants()).isEmpty();
    assertThat(snapshot.keys()).isEmpty();
    assertThat(snapshot.plugins()).isEmpty();
    assertThat(snapshot.versions()).isEmpty();
    assertThat(snapshot.aliases()).isEmpty();
    assertThat(store().isReferenced(DIGEST)).isFalse();
    assertThat(store().versionInterface(ACME, MATH, DIGEST)).isNull();
  }

  @Test
  void changingATenant_keepsWhatIsItsOwn() {
    fill();

    store()
        .write(
            transaction -> {
              transaction.putTenant(tenant().withState(TenantState.SUSPENDED).withLimits(Map.of()));
              return true;
            },
            _ -> {});

    MetadataSnapshot snapshot = store().load();
    assertThat(snapshot.tenants().getFirst().state()).isEqualTo(TenantState.SUSPENDED);
    assertThat(snapshot.tenants().getFirst().limits()).isEmpty();
    assertThat(snapshot.versions()).hasSize(1);
  }

  @Test
  void transactionThatFails_changesNothing() {
    assertThatThrownBy(() ->
            store()
                .write(
                    transaction -> {
                      transaction.putTenant(tenant());
                      throw new IllegalArgumentException("no");
                    },
                    _ -> {
                      throw new AssertionError("committed");
                    }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() ->
            store()
                .write(
                    transaction -> {
                      transaction.putTenant(tenant());
                      transaction.insertVersion(version(), "{}");
                      return true;
                    },
                    _ -> {}))
        .isInstanceOf(StorageException.class);

    assertThat(store().load().tenants()).isEmpty();
    fill();
    assertThat(store().load().tenants()).hasSize(1);
  }

  @Test
  void auditLog_listsBothWays_andKeepsTheNewest() {
    for (int i = 0; i < 3_000; i += 500) {
      int from = i;
      store()
          .write(
              transaction -> {
                for (int j = from; j < from + 500; j++) {
                  transaction.appendAudit(audit("action." + j));
                }
                return true;
              },
              _ -> {});
    }

    List<AuditRecord> newest = store().audit(new AuditFilter(null, null, Long.MAX_VALUE, 2));
    assertThat(newest)
        .extracting(AuditRecord::action)
        .containsExactly("action.2999", "action.2998");
    assertThat(store().audit(new AuditFilter(ACME, "action.2998", Long.MAX_VALUE, 10))).hasSize(1);
    assertThat(store().audit(new AuditFilter(new TenantName("x"), null, Long.MAX_VALUE, 10)))
        .isEmpty();
    assertThat(store().auditAfter(newest.getLast().id(), 10))
        .extracting(AuditRecord::action)
        .containsExactly("action.2999");
    assertThat(store().audit(new AuditFilter(null, null, Long.MAX_VALUE, 10_000)))
        .hasSizeBetween(1_000, 1_300);
  }

  @Test
  void key_isStoredWithItsEnd_itsSecretBefore_andItsLastUse() {
    fill();
    Instant later = NOW.plusSeconds(60);
    KeyRecord key = KeyRecord.create("k2", ACME, Role.TENANT_ADMIN, "01", NOW, later);
    store()
        .write(
            transaction -> {
              transaction.insertKey(key);
              transaction.replaceSecret(key.rotated("02", later));
              transaction.touchKey("k2", NOW);
              transaction.touchKey("k9", NOW);
              return true;
            },
            _ -> {});

    reopen();

    assertThat(store().load().keys())
        .contains(
            new KeyRecord(
                "k2",
                ACME,
                Role.TENANT_ADMIN,
                "02",
                NOW,
                later,
                new ReplacedSecret("01", later),
                NOW));
  }

  @Test
  void auditRecords_nameTheOneBefore() {
    for (int i = 0; i < 3; i++) {
      String action = "action " + i;
      store().write(transaction -> transaction.appendAudit(audit(action)), _ -> {});
      reopen();
    }

    List<AuditRecord> records = store().auditAfter(-1, 10);
    AuditChain chain = new AuditChain();
    records.forEach(chain::check);
    assertThat(chain.result().brokenId()).isNull();
    assertThat(chain.result().records()).isEqualTo(3);
    assertThat(chain.result().head()).isEqualTo(records.getLast().hash());
    assertThat(records.get(1).previousHash()).isEqualTo(records.get(0).hash());
  }

  @Test
  void usage_isAddedUp_andGoesWithItsTenant() {
    fill();
    Instant hour = Instant.parse("2026-01-01T10:00:00Z");
    Instant next = hour.plusSeconds(3_600);
    for (int i = 0; i < 2; i++) {
      store()
          .write(
              transaction -> {
                transaction.addUsage(ACME, new UsageRecord(hour, 1, 0, 10, 100, 1_000));
                transaction.addUsage(ACME, new UsageRecord(next, 5, 2, 0, 0, 0));
                transaction.addUsage(new TenantName("nobody"), UsageRecord.none(hour));
                return true;
              },
              _ -> {});
      reopen();
    }

    assertThat(store().usage(ACME, hour, next))
        .containsExactly(new UsageRecord(hour, 2, 0, 20, 200, 2_000));
    assertThat(store().usage(ACME, hour, next.plusSeconds(1))).hasSize(2);
    assertThat(store().usage(new TenantName("nobody"), hour, next)).isEmpty();

    store()
        .write(
            transaction -> {
              transaction.deleteUsageBefore(next);
              return true;
            },
            _ -> {});
    assertThat(store().usage(ACME, hour, next.plusSeconds(1))).hasSize(1);
    store()
        .write(
            transaction -> {
              transaction.deleteTenant(ACME);
              return true;
            },
            _ -> {});
    assertThat(store().usage(ACME, hour, next.plusSeconds(1))).isEmpty();
  }

  @Test
  void operations_haveTheirEnd_andGoWithItOrTheirTenant() {
    fill();
    Instant start = Instant.parse("2026-01-01T10:00:00Z");
    OperationRecord.End end =
        new OperationRecord.End(start.plusSeconds(1), 200, "{}", new byte[] {1, 2});
    OperationRecord.End large = new OperationRecord.End(start.plusSeconds(9), 201, "{}", null);
    store()
        .write(
            transaction -> {
              for (String id : List.of("a", "b", "c")) {
                transaction.insertOperation(operation(id, ACME.text(), start));
              }
              transaction.insertOperation(operation("d", "nobody", start));
              transaction.endOperation("a", "succeeded", end);
              transaction.endOperation("b", "succeeded", large);
              transaction.endOperation("none", "succeeded", large);
              return true;
            },
            _ -> {});
    reopen();

    List<OperationRecord> stored = store().operations();
    assertThat(stored).extracting(OperationRecord::id).containsExactly("a", "b", "c");
    OperationRecord.End restored = Objects.requireNonNull(stored.getFirst().end());
    assertThat(restored.body()).containsExactly(1, 2);
    assertThat(restored.at()).isEqualTo(end.at());
    assertThat(stored.getFirst().status()).isEqualTo("succeeded");
    assertThat(Objects.requireNonNull(stored.get(1).end()).body()).isNull();
    assertThat(stored.get(2)).isEqualTo(operation("c", ACME.text(), start));

    store()
        .write(
            transaction -> {
              transaction.deleteOperationsEndedBefore(start.plusSeconds(5));
              return true;
            },
            _ -> {});
    assertThat(store().operations()).extracting(OperationRecord::id).containsExactly("b", "c");
    store()
        .write(
            transaction -> {
              transaction.deleteOperation("b");
              transaction.deleteTenant(ACME);
              return true;
            },
            _ -> {});
    assertThat(store().operations()).isEmpty();
  }

  private static OperationRecord operation(String id, String tenant, Instant createdAt) {
    return new OperationRecord(
        id, tenant, "call", "plugin", "key:1", "running", createdAt, /* end= */ null);
  }

  private <T> void change(Function<MetadataTransaction, T> work) {
    store().write(work, _ -> {});
  }

  private static KeyValueRecord pair(String key, byte[] value) {
    long bytes = (long) key.getBytes(StandardCharsets.UTF_8).length + value.length;
    return new KeyValueRecord(key, bytes, NOW);
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @Test
  void keyValues_areBackAfterReopening_inTheOrderOfTheirBytes() {
    fill();
    // In UTF-16 the second would come after the third.
    List<String> keys = List.of("", "a", "a/b", "b", "\u00e4", "\uff5e", "\ud83d\ude00");
    change(transaction -> {
      for (String key : keys.reversed()) {
        transaction.putKeyValue(ACME, pair(key, bytes(key.length())), bytes(key.length()));
      }
      transaction.putKeyValue(ACME, pair("b", bytes(100_000)), bytes(100_000));
      transaction.deleteKeyValue(ACME, "");
      transaction.deleteKeyValue(ACME, "never there");
      return transaction.keyValueBytes(ACME, "b");
    });

    reopen();

    assertThat(store().keyValues(ACME, "", null, 100))
        .extracting(KeyValueRecord::key)
        .containsExactlyElementsOf(keys.subList(1, keys.size()));
    assertThat(store().keyValues(ACME, "a", "a", 100)).containsExactly(pair("a/b", bytes(3)));
    assertThat(store().keyValues(ACME, "", "a", 1)).containsExactly(pair("a/b", bytes(3)));
    assertThat(store().keyValue(ACME, "b")).isEqualTo(bytes(100_000));
    assertThat(store().keyValue(ACME, "never there")).isNull();
    assertThat(store().keyValue(new TenantName("other"), "b")).isNull();
    assertThat(store().<Long>write(t -> t.keyValueBytes(ACME, "b"), _ -> {})).isEqualTo(100_001);
    assertThat(store().<Long>write(t -> t.keyValueBytes(ACME, "x"), _ -> {})).isEqualTo(-1);
    KeyValueUsage usage = Objects.requireNonNull(store().load().services().get(ACME)).keyValues();
    assertThat(usage.count()).isEqualTo(6);
    assertThat(usage.bytes())
        .isEqualTo(
            store().keyValues(ACME, "", null, 100).stream()
                .mapToLong(KeyValueRecord::sizeBytes)
                .sum());
  }

  @Test
  void keyValuesOfOneMoment_areThoseBeforeWhatComesMeanwhile() {
    fill();
    int count = 2_500;
    change(transaction -> {
      for (int i = 0; i < count; i++) {
        String key = "%05d".formatted(i);
        transaction.putKeyValue(ACME, pair(key, bytes(i % 7)), bytes(i % 7));
      }
      return true;
    });

    List<String> read =
        store()
            .readKeyValues(
                ACME,
                cursor -> {
                  List<String> keys = new ArrayList<>();
                  for (KeyValuePair each = cursor.next(); each != null; each = cursor.next()) {
                    if (keys.isEmpty()) {
                      change(transaction -> {
                        transaction.deleteKeyValue(ACME, "02000");
                        transaction.putKeyValue(ACME, pair("99999", bytes(1)), bytes(1));
                        return true;
                      });
                    }
                    assertThat(each.value()).isEqualTo(bytes(keys.size() % 7));
                    keys.add(each.record().key());
                  }
                  return keys;
                });

    assertThat(read).hasSize(count).contains("02000").doesNotContain("99999");
    assertThat(store().keyValue(ACME, "02000")).isNull();
  }

  @Test
  void requests_areKeptUntilTheyExpire_withTheirAnswers() {
    Instant later = NOW.plusSeconds(60);
    RequestRecord open = new RequestRecord("r1", "key:k1", "f1", null, NOW);
    RequestRecord answered = new RequestRecord("r1", "key:k1", "f1", "an answer", later);
    RequestRecord other = new RequestRecord("r2", "key:k1", "f2", null, NOW);
    change(transaction -> {
      transaction.putRequest(open);
      transaction.putRequest(other);
      return transaction.requestUse("key:k1");
    });
    assertThat(store().request("r1")).containsExactly(open);
    change(transaction -> {
      transaction.putRequest(answered);
      return true;
    });

    reopen();

    assertThat(store().request("r1")).containsExactly(answered);
    assertThat(store().request("none")).isEmpty();
    assertThat(store().<RequestRecord.Use>write(t -> t.requestUse("key:k1"), _ -> {}))
        .isEqualTo(new RequestRecord.Use(2, "an answer".length()));
    assertThat(store().<RequestRecord.Use>write(t -> t.requestUse("key:k2"), _ -> {}))
        .isEqualTo(new RequestRecord.Use(0, 0));
    change(transaction -> {
      transaction.deleteExpiredRequests(NOW.plusMillis(1));
      return true;
    });
    assertThat(store().request("r2")).isEmpty();
    assertThat(store().request("r1")).hasSize(1);
    change(transaction -> {
      transaction.deleteRequest("r1");
      return true;
    });
    assertThat(store().request("r1")).isEmpty();
  }

  @Test
  void services_areBackAfterReopening_andGoWithTheirTenant() {
    fill();
    byte[] sealed = bytes(90);
    PolicyRecord policy = new PolicyRecord("{\"capabilities\":[]}", "{}");
    change(transaction -> {
      transaction.putConfig(ACME, Map.of("a", "1", "b", "2"));
      transaction.putConfig(ACME, Map.of("b", "3"));
      transaction.putSecret(ACME, "token", new SecretRecord(bytes(3), NOW));
      transaction.putSecret(ACME, "token", new SecretRecord(sealed, NOW));
      transaction.putSecret(ACME, "gone", new SecretRecord(sealed, NOW));
      transaction.deleteSecret(ACME, "gone");
      transaction.deleteSecret(ACME, "never there");
      transaction.putPolicy(ACME, new PolicyRecord("{}", "{}"));
      transaction.putPolicy(ACME, policy);
      return true;
    });

    reopen();

    ServicesRecord services = Objects.requireNonNull(store().load().services().get(ACME));
    assertThat(services.config()).isEqualTo(Map.of("b", "3"));
    assertThat(services.secrets()).containsOnlyKeys("token");
    SecretRecord token = Objects.requireNonNull(services.secrets().get("token"));
    assertThat(token.sealed()).isEqualTo(sealed);
    assertThat(token.updatedAt()).isEqualTo(NOW);
    assertThat(services.policy()).isEqualTo(policy);
    change(transaction -> {
      transaction.putKeyValue(ACME, pair("a", bytes(1)), bytes(1));
      transaction.deleteTenant(ACME);
      transaction.putTenant(tenant());
      return true;
    });
    assertThat(store().load().services()).isEmpty();
    assertThat(store().keyValue(ACME, "a")).isNull();
  }

  @Test
  void approvalsAndSignatures_areThoseOfTheirVersion() {
    fill();
    PendingRecord pending = new PendingRecord(ACME, MATH, DIGEST);
    Signer first = new Signer("k1", "aa");
    Signer second = new Signer("k2", "bb");
    change(transaction -> {
      transaction.insertPending(pending);
      transaction.putSignaturePolicy(ACME, "{\"mode\":\"off\"}");
      transaction.putSignaturePolicy(ACME, "{\"mode\":\"required\"}");
      transaction.addSigners(ACME, MATH, DIGEST, Set.of(first));
      transaction.addSigners(ACME, MATH, DIGEST, Set.of(first, second));
      return true;
    });

    reopen();

    assertThat(store().load().pending()).containsExactly(pending);
    assertThat(store().signaturePolicy(ACME)).isEqualTo("{\"mode\":\"required\"}");
    assertThat(store().signaturePolicy(new TenantName("other"))).isNull();
    assertThat(store().signers(ACME, MATH, DIGEST)).containsExactly(first, second);
    change(transaction -> {
      transaction.deletePending(pending);
      transaction.deletePending(pending);
      return true;
    });
    assertThat(store().load().pending()).isEmpty();
    change(transaction -> {
      transaction.insertPending(pending);
      transaction.deleteVersion(ACME, MATH, DIGEST);
      return true;
    });
    assertThat(store().load().pending()).isEmpty();
    assertThat(store().signers(ACME, MATH, DIGEST)).isEmpty();
    change(transaction -> {
      transaction.deleteTenant(ACME);
      return true;
    });
    assertThat(store().signaturePolicy(ACME)).isNull();
  }

  @Test
  void aliasChanges_areNumbered_andTheOldestGo() {
    fill();
    for (int i = 1; i <= 60; i++) {
      int weight = i;
      change(transaction -> {
        transaction.putAlias(
            new AliasRecord(ACME, MATH, AliasName.LIVE, List.of(new AliasTarget(DIGEST, weight))),
            NOW);
        return transaction.aliasChanges(ACME, MATH, AliasName.LIVE);
      });
    }

    reopen();

    List<AliasChange> changes = store().aliasChanges(ACME, MATH, AliasName.LIVE);
    assertThat(changes).hasSize(50);
    assertThat(changes.getFirst().targets()).containsExactly(new AliasTarget(DIGEST, 60));
    assertThat(changes.getFirst().number()).isEqualTo(changes.getLast().number() + 49);
    change(transaction -> {
      transaction.deletePlugin(ACME, MATH);
      return true;
    });
    assertThat(store().aliasChanges(ACME, MATH, AliasName.LIVE)).isEmpty();
  }
}
