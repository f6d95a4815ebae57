package dev.cloister.sandbox.config;

/// The section `storage`: what is kept and where.
///
/// @param folder the data folder
/// @param auditRecordsKept how many audit records are kept, the oldest go first
public record StorageConfig(String folder, long auditRecordsKept) {
  private static final long DEFAULT_AUDIT_RECORDS = 100_000;
  private static final long MIN_AUDIT_RECORDS = 1_000;
  private static final long MAX_AUDIT_RECORDS = 100_000_000;

  static StorageConfig from(ConfigSection section) {
    StorageConfig config =
        new StorageConfig(
            section.text("folder", "data"),
            section.number(
                "auditRecords", DEFAULT_AUDIT_RECORDS, MIN_AUDIT_RECORDS, MAX_AUDIT_RECORDS));
    section.end();
    return config;
  }

  StorageConfig withFolder(String newFolder) {
    return new StorageConfig(newFolder, auditRecordsKept);
  }
}
