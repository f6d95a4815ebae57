package dev.cloister.isolate.heap;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.runtime.HeapKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Table;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The heap limits of one store: the caps of an instance, then the tenant's ledger.
///
/// The engine asks it before it allocates for the store. Closing returns to the ledger whatever the
/// store still held, so a call that ended in any way leaves nothing charged. May be called from any
/// thread; the engine calls it from the one that executes the store.
public final class LedgerLimiter implements HeapLimiter, AutoCloseable {
  private static final List<HeapKind> KINDS = List.of(HeapKind.values());

  private final HeapLedger ledger;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private long memoryPerInstanceBytes;

  @GuardedBy("lock")
  private long tableElements;

  @GuardedBy("lock")
  private long gcHeapBytes;

  @GuardedBy("lock")
  private final KindBytes heldBytes = new KindBytes();

  /// The last refusals that nothing made up for; made for the first, since few stores see one.
  @GuardedBy("lock")
  private Map<HeapKind, HeapRefusal> refusals = Map.of();

  @GuardedBy("lock")
  private boolean closed;

  /// Opens the limits of one store on `ledger`.
  ///
  /// @param memoryPerInstanceBytes the most bytes of linear memory of the store
  /// @param tableElements the most elements of all tables of the store together
  /// @param gcHeapBytes the most bytes of structures, arrays and exceptions of the store
  public LedgerLimiter(
      HeapLedger ledger, long memoryPerInstanceBytes, long tableElements, long gcHeapBytes) {
    this.ledger = ledger;
    this.memoryPerInstanceBytes = memoryPerInstanceBytes;
    this.tableElements = tableElements;
    this.gcHeapBytes = gcHeapBytes;
  }

  /// Puts other limits in force for what is charged from now on, and forgets refusals: a call
  /// begins that knows nothing of those before.
  public void beginCall(
      long newMemoryPerInstanceBytes, long newTableElements, long newGcHeapBytes) {
    synchronized (lock) {
      memoryPerInstanceBytes = newMemoryPerInstanceBytes;
      tableElements = newTableElements;
      gcHeapBytes = newGcHeapBytes;
      refusals = Map.of();
    }
  }

  /// Charges `bytes` and returns true, or changes nothing but [#refusal()] and returns false.
  @Override
  public boolean reserve(HeapKind kind, long bytes) {
    synchronized (lock) {
      if (closed) {
        return false;
      }
      long held = heldBytes.get(kind);
      HeapRefusal refusal = refusalOf(kind, held + bytes);
      if (refusal == null && !ledger.charge(HeapCategory.of(kind), bytes)) {
        refusal = new HeapRefusal("memoryBytes", ledger.chargedBytes() + bytes, ledger.capBytes());
      }
      if (refusal != null) {
        if (refusals.isEmpty()) {
          refusals = new EnumMap<>(HeapKind.class);
        }
        refusals.putIfAbsent(kind, refusal);
        return false;
      }
      if (!refusals.isEmpty()) {
        refusals.remove(kind);
      }
      heldBytes.set(kind, held + bytes);
      return true;
    }
  }

  /// Returns `bytes` of `kind` to the ledger. Does nothing once closed.
  ///
  /// @throws IllegalStateException if the store holds fewer: a bug of the engine
  @Override
  public void release(HeapKind kind, long bytes) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      long held = heldBytes.get(kind);
      if (bytes < 0 || bytes > held) {
        throw new IllegalStateException(
            "store released " + bytes + " bytes of " + kind + ", it holds " + held);
      }
      heldBytes.set(kind, held - bytes);
      ledger.release(HeapCategory.of(kind), bytes);
    }
  }

  /// The limit of the instance, but no more than the tenant's.
  @Override
  public long budget(HeapKind kind) {
    long tenantBytes = ledger.capBytes();
    synchronized (lock) {
      return switch (kind) {
        case LINEAR_MEMORY -> Math.min(memoryPerInstanceBytes, tenantBytes);
        case TABLE -> Math.min(tableElements * Table.ELEMENT_BYTES, tenantBytes);
        case GC_OBJECT -> Math.min(gcHeapBytes, tenantBytes);
        case GLOBAL, INSTANCE -> tenantBytes;
      };
    }
  }

  /// The first refusal that no later charge of the same kind made up for, or null.
  ///
  /// An engine that grows a memory asks for spare capacity first and for less when that is refused;
  /// the second charge clears what the first one left.
  public @Nullable HeapRefusal refusal() {
    synchronized (lock) {
      for (HeapRefusal refusal : refusals.values()) {
        return refusal;
      }
      return null;
    }
  }

  /// Returns everything the store still holds to the ledger; every later charge is refused.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      for (HeapKind kind : KINDS) {
        long bytes = heldBytes.get(kind);
        if (bytes > 0) {
          heldBytes.set(kind, 0);
          ledger.release(HeapCategory.of(kind), bytes);
        }
      }
    }
  }

  @GuardedBy("lock")
  private @Nullable HeapRefusal refusalOf(HeapKind kind, long bytes) {
    return switch (kind) {
      case LINEAR_MEMORY ->
          bytes > memoryPerInstanceBytes
              ? new HeapRefusal("memoryPerInstanceBytes", bytes, memoryPerInstanceBytes)
              : null;
      case TABLE ->
          bytes / Table.ELEMENT_BYTES > tableElements
              ? new HeapRefusal("tableElements", bytes / Table.ELEMENT_BYTES, tableElements)
              : null;
      case GC_OBJECT ->
          bytes > gcHeapBytes ? new HeapRefusal("gcHeapBytes", bytes, gcHeapBytes) : null;
      case GLOBAL, INSTANCE -> null;
    };
  }
}
