package dev.cloister.isolate.instance;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.snapshot.StartImage;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The images of initialized instances of one tenant, with which further ones begin: one for each
/// version of a plugin, made by the first call. Any thread.
///
/// An image is charged from before it is kept until it was dropped and nobody reads it any more.
final class StartImages implements AutoCloseable {
  private final HeapLedger ledger;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<VersionKey, Place> places = new HashMap<>(0);

  @GuardedBy("lock")
  private boolean closed;

  StartImages(HeapLedger ledger) {
    this.ledger = ledger;
  }

  /// The place of a version.
  StartPlace place(VersionKey version) {
    synchronized (lock) {
      return closed ? new Place() : places.computeIfAbsent(version, _ -> new Place());
    }
  }

  /// What became of the image of a version.
  StartInfo info(VersionKey version) {
    synchronized (lock) {
      Place place = places.get(version);
      return place == null ? new StartInfo(StartState.PENDING, null, 0) : place.info();
    }
  }

  /// Drops the images of some versions, and why there are none: the next calls try again.
  void drop(Predicate<VersionKey> which) {
    List<StartImage> dropped = new ArrayList<>();
    synchronized (lock) {
      places
          .entrySet()
          .removeIf(entry -> which.test(entry.getKey()) && entry.getValue().end(dropped));
    }
    dropped.forEach(this::release);
  }

  /// Drops everything and keeps nothing any more.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
    }
    drop(_ -> true);
  }

  private void release(StartImage image) {
    ledger.release(HeapCategory.IMAGE, image.sizeBytes());
  }

  /// What is known of one version. All fields are guarded by the lock of the images.
  private final class Place implements StartPlace {
    private @Nullable StartImage image;
    private int readers;
    private boolean isBeingMade;

    /// Why there is no image, as far as that is known.
    private @Nullable String reason;

    /// Whether that is so for good.
    private boolean isRefused;

    /// Whether no instance is to begin with an image of this place any more.
    private boolean isOver;

    @Override
    public @Nullable StartImage take() {
      synchronized (lock) {
        if (image == null || isOver) {
          return null;
        }
        readers++;
        return image;
      }
    }

    @Override
    public void giveBack() {
      StartImage unread = null;
      synchronized (lock) {
        readers--;
        if (isOver && readers == 0) {
          unread = image;
          image = null;
        }
      }
      if (unread != null) {
        release(unread);
      }
    }

    @Override
    public boolean beginMaking() {
      synchronized (lock) {
        boolean isFirst = !isBeingMade && !isOver && image == null;
        isBeingMade |= isFirst;
        return isFirst;
      }
    }

    @Override
    public long roomBytes() {
      return Math.max(0, ledger.capBytes() - ledger.chargedBytes());
    }

    @Override
    public void keep(StartImage made) {
      boolean isCharged = ledger.charge(HeapCategory.IMAGE, made.sizeBytes());
      if (!isCharged) {
        fail("an image of " + made.sizeBytes() + " bytes does not fit memoryBytes");
        return;
      }
      boolean isKept = false;
      synchronized (lock) {
        isBeingMade = false;
        if (!isOver && !closed) {
          image = made;
          reason = null;
          isKept = true;
        }
      }
      if (!isKept) {
        release(made);
      }
    }

    @Override
    public void refuse(String why) {
      List<StartImage> unread = new ArrayList<>(1);
      synchronized (lock) {
        isBeingMade = false;
        isRefused = true;
        reason = why;
        boolean _ = end(unread);
      }
      unread.forEach(StartImages.this::release);
    }

    @Override
    public void fail(@Nullable String why) {
      synchronized (lock) {
        isBeingMade = false;
        reason = why;
      }
    }

    /// Lets nobody else begin with the image, and hands it out if nobody reads it. Called with the
    /// lock held.
    ///
    /// @return true
    boolean end(List<StartImage> unread) {
      isOver = true;
      if (image != null && readers == 0) {
        unread.add(image);
        image = null;
      }
      return true;
    }

    /// Called with the lock held.
    StartInfo info() {
      if (isRefused) {
        return new StartInfo(StartState.REFUSED, reason, 0);
      }
      return image == null
          ? new StartInfo(StartState.PENDING, reason, 0)
          : new StartInfo(StartState.USED, null, image.sizeBytes());
    }
  }
}
