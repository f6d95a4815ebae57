package dev.cloister.engine.snapshot;

import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.engine.runtime.InstanceState;
import java.io.ByteArrayInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The state of an initialized instance, for any number of others of its module to begin with.
///
/// It has what an image of [Snapshots] has, but never leaves memory: it is neither compressed nor
/// authenticated, so that beginning with it costs little more than copying it. Immutable, any
/// thread.
public final class StartImage implements InstanceImage {
  private final byte[] state;

  private StartImage(byte[] state) {
    this.state = state;
  }

  /// {@return the image of an instance that nothing runs in; null if it would be larger than
  /// `maxBytes`}
  ///
  /// The instance stays as it is. On the thread that runs its store.
  ///
  /// @throws SnapshotException if the instance refers to anything that is not its own
  public static @Nullable StartImage of(Instance instance, long maxBytes) {
    BoundedBytes bytes = new BoundedBytes(maxBytes);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      new StateWriter(new InstanceState(instance), out).write();
    } catch (BoundedBytes.FullException e) {
      return null;
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot be written to", e);
    }
    return new StartImage(bytes.toByteArray());
  }

  /// {@return its size in bytes}
  public int sizeBytes() {
    return state.length;
  }

  /// {@inheritDoc}
  ///
  /// @throws SnapshotException if the instance is of another module than the image
  @Override
  public @Nullable Object[] restore(InstanceState instance) {
    return StateReader.readAll(instance, new ByteArrayInputStream(state));
  }
}
