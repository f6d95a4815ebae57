package dev.cloister.isolate.wasi;

/// Standard input.
final class StandardInput extends Descriptor {
  private final InputSource source;
  private final BlockingRegion blocking;

  StandardInput(InputSource source, BlockingRegion blocking) {
    super(Rights.OF_STREAMS | Rights.FD_READ, 0, 0);
    this.source = source;
    this.blocking = blocking;
  }

  /// Reads as [InputSource#read(byte[], int, int)] does.
  int read(byte[] into, int from, int length) {
    if (source.isReady()) {
      return source.read(into, from, length);
    }
    blocking.enter();
    try {
      return source.read(into, from, length);
    } finally {
      blocking.exit();
    }
  }

  /// Whether reading would not wait, as far as the source can tell.
  boolean isReadable() {
    return source.isReadable();
  }

  @Override
  FileStat stat() {
    return StandardStreams.stat();
  }

  @Override
  void close() {}
}
