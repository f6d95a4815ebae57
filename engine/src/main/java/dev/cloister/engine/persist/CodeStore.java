package dev.cloister.engine.persist;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/// Where the embedder keeps archives of compiled code: a bounded cache of named files.
///
/// It need not be trusted: what comes back is authenticated before it is used. It may forget
/// anything at any time. Called by several threads at once; all calls may block and come from
/// compile threads or the engine's own thread for writing, never from a guest's or an event loop.
public interface CodeStore {
  /// Opens a file for reading from its start; reading it is a use of it. It stays readable while it
  /// is open, whatever is put or removed meanwhile.
  ///
  /// @param name 64 hexadecimal digits
  /// @return null if there is no such file
  /// @throws IOException if it cannot be read
  @Nullable SeekableByteChannel open(String name) throws IOException;

  /// Writes a file, which appears whole or not at all and takes the place of one of the same name.
  /// Others are removed if there is no room, those first whose last use is longest ago.
  ///
  /// @param name 64 hexadecimal digits
  /// @throws IOException if it cannot be written, or is larger than all there is room for
  void put(String name, Contents contents) throws IOException;

  /// Removes a file, if it is there.
  ///
  /// @throws IOException if it cannot be removed
  void remove(String name) throws IOException;

  /// What a file is to have in it.
  @FunctionalInterface
  interface Contents {
    /// Writes all of it.
    ///
    /// @throws IOException if the channel cannot be written, or what is written cannot be read
    void writeTo(WritableByteChannel channel) throws IOException;
  }
}
