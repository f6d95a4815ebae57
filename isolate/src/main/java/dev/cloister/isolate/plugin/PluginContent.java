package dev.cloister.isolate.plugin;

import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.isolate.wasi.ContentTree;
import org.jspecify.annotations.Nullable;

/// The files that came with a plugin, and who pays for them.
///
/// @param files the files
/// @param charge what they are charged; null if there are none
record PluginContent(ContentTree files, @Nullable HeapCharge charge) {
  /// That of a plugin that came as a module alone.
  static final PluginContent NONE = new PluginContent(ContentTree.EMPTY, null);

  /// Gives back what is charged: nobody holds the plugin any more.
  void close() {
    if (charge != null) {
      charge.close();
    }
  }
}
