package dev.cloister.engine.types;

/// The type of a linear memory (Spec 2.3.12).
///
/// @param limits sizes in pages
/// @param shared whether several threads may use it at once
/// @param pageSizeLog2 binary logarithm of the page size in bytes: 16, or 0 for pages of one byte
public record MemoryType(Limits limits, boolean shared, int pageSizeLog2) implements ExternType {

  /// Binary logarithm of the usual page size of 64 KiB.
  public static final int DEFAULT_PAGE_SIZE_LOG2 = 16;

  /// Returns the type of an unshared memory with pages of 64 KiB.
  public static MemoryType of(Limits limits) {
    return new MemoryType(limits, false, DEFAULT_PAGE_SIZE_LOG2);
  }

  @Override
  public String toString() {
    return "memory "
        + limits
        + (shared ? " shared" : "")
        + (pageSizeLog2 == DEFAULT_PAGE_SIZE_LOG2
            ? ""
            : " (pagesize " + (1L << pageSizeLog2) + ")");
  }
}
