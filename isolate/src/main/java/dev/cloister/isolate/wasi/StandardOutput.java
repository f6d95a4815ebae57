package dev.cloister.isolate.wasi;

/// Standard output or error.
final class StandardOutput extends Descriptor {
  private final OutputSink sink;

  StandardOutput(OutputSink sink) {
    super(Rights.OF_STREAMS | Rights.FD_WRITE, 0, FdFlags.APPEND);
    this.sink = sink;
  }

  void write(byte[] bytes, int from, int length) {
    sink.write(bytes, from, length);
  }

  @Override
  FileStat stat() {
    return StandardStreams.stat();
  }

  @Override
  void close() {}
}
